"""Bench: questions about a sealed session of many rows, beside DuckDB on the same files. One JSON line for each.

python -m tests.bench.query [ROWS [FOLDER [TIMES]]]

The session is made by a process of its own, so that the memory which is reported is that of asking alone.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter, process_time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

import duckdb  # noqa: E402  (Django first)

from proto.v1.stream_pb2 import RunSchema  # noqa: E402
from server.errors import Invalid  # noqa: E402
from server.tracing.execute import answer  # noqa: E402
from server.tracing.export import Export, Format  # noqa: E402
from server.tracing.question import Question  # noqa: E402
from server.tracing.rollups.upkeep import roll_up  # noqa: E402
from server.tracing.rows import RunSource  # noqa: E402
from server.tracing.sources import SessionSource  # noqa: E402
from server.tracing.store import SegmentStore  # noqa: E402
from tests.bench.store import PER_APPEND, RUN, SESSION, check, opensnoop_mix, report  # noqa: E402
from tests.server.tracing.rows import BOOT, SCHEMA, WALL  # noqa: E402

TIMES = 3
FEW = 10_000_000  # of more only one export is made, and the names say how many
SOURCE = SessionSource(SESSION, ended=True, runs=[RunSource(RUN, "host-1", SCHEMA, BOOT, WALL)])


def milliseconds(work: Callable[[], object]) -> dict[str, float]:
    took = []
    for _ in range(TIMES):
        start = perf_counter()
        work()
        took.append((perf_counter() - start) * 1000)
    return {"first_ms": took[0], "median_ms": median(took)}


def interleaved(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Medians in ms of the two, taken turn by turn: the machine's other work hits both alike."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(TIMES):
        for work, times in zip((ours, theirs), took, strict=True):
            start = perf_counter()
            work()
            times.append((perf_counter() - start) * 1000)
    return median(took[0]), median(took[1])


def named(name: str, rows: int) -> str:
    return name if rows <= FEW else f"{rows // 10**6} million: {name}"


def fill(folder: str, rows: int) -> None:
    filled(folder, SCHEMA, opensnoop_mix(rows), rows)


def filled(folder: str, schema: RunSchema, frames: Iterator[bytes], rows: int) -> None:
    """Sealed as it comes in, as ingest does."""
    store, cpu = SegmentStore(Path(folder)), 0.0
    store.pin(SESSION, RUN, schema)
    while some := list(islice(frames, PER_APPEND)):
        store.append(SESSION, RUN, some)
        before = process_time()
        store.seal_due()
        cpu += process_time() - before
    report(named("seal", rows), rows=rows, cpu_us_per_row=cpu / rows * 1e6)
    before = process_time()
    made = roll_up(store, SESSION, RUN, WALL - BOOT)
    report("rollups", files=made, cpu_us_per_row=(process_time() - before) / rows * 1e6)


Pair = tuple[str, dict[str, object], str]  # what it is, as we ask it, as one asks DuckDB
GROUPS: list[Pair] = [
    (
        "top 20 paths",
        {"group_by": [{"column": "path"}], "limit": 20},
        "SELECT path, count(*) FROM read_parquet(?) GROUP BY path ORDER BY 2 DESC LIMIT 20",
    ),
    (
        "heat map of latency",
        {"group_by": [{"column": "time", "width": 10**9}, {"column": "latency", "log2": True}], "limit": 10_000},
        "SELECT time // 1000000000, log2(greatest(latency, 1))::INT, count(*) FROM read_parquet(?) GROUP BY 1, 2",
    ),
    (
        "top 20 pairs of comm and path",
        {"group_by": [{"column": "comm"}, {"column": "path"}], "limit": 20},
        "SELECT comm, path, count(*) FROM read_parquet(?) GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 20",
    ),
    (
        "p99 latency of each program",
        {"group_by": [{"column": "comm"}], "measures": [{"function": "p99", "column": "latency"}]},
        "SELECT comm, quantile_disc(latency, 0.99) FROM read_parquet(?) GROUP BY 1 ORDER BY 2 DESC LIMIT 100",
    ),
    (
        "filter: slow ones counted",
        {"filters": [{"column": "latency", "op": "gt", "value": 10**7}], "measures": [{"function": "count"}]},
        "SELECT count(*) FROM read_parquet(?) WHERE latency > 10000000",
    ),
]


def pages(rows: int) -> list[Pair]:
    middle = WALL + rows * 500
    boot = middle - WALL + BOOT
    window = [{"column": "time", "op": op, "value": str(at)} for op, at in (("ge", middle), ("lt", middle + 10**8))]
    return [
        ("first 100 rows", {}, "SELECT * FROM read_parquet(?) ORDER BY _row LIMIT 100"),
        (
            "last 100 rows",
            {"filters": [{"column": "row", "op": "ge", "value": rows - 100}]},
            f"SELECT * FROM read_parquet(?) WHERE _row >= {rows - 100} ORDER BY _row",
        ),
        (
            "sorted by latency, 1000 rows",
            {"order": [{"by": "latency", "descending": True}], "limit": 1000},
            "SELECT * FROM read_parquet(?) ORDER BY latency DESC, _row LIMIT 1000",
        ),
        (
            "filter: 100 ms of time",
            {"filters": window, "limit": 1000},
            f"SELECT * FROM read_parquet(?) WHERE time >= {boot} AND time < {boot + 10**8} ORDER BY _row LIMIT 1000",
        ),
    ]


def asked(store: SegmentStore, rows: int, engine: duckdb.DuckDBPyConnection, paths: list[str]) -> None:
    """Each question beside the same one put to DuckDB by hand."""
    for name, question, sql in pages(rows) + GROUPS:
        wanted = Question.model_validate(question)
        try:
            both = interleaved(partial(answer, store, SOURCE, "events", wanted), partial(_by_hand, engine, sql, paths))
        except Invalid as error:
            print(
                json.dumps({"bench": named(f"query.{name}", rows), "rows": rows, "refused": error.message}), flush=True
            )
            continue
        report(named(f"query.{name}", rows), rows=rows, median_ms=both[0], duckdb_ms=both[1], ratio=both[0] / both[1])


def _by_hand(engine: duckdb.DuckDBPyConnection, sql: str, paths: list[str]) -> object:
    return engine.execute(sql, [paths]).fetchall()


def exported(store: SegmentStore, rows: int) -> None:
    forms: tuple[Format, ...] = ("ndjson", "csv", "arrow", "parquet") if rows <= FEW else ("arrow",)
    for form in forms:
        wall, cpu, size = perf_counter(), process_time(), 0
        for piece in Export(store, SOURCE, "events", b"{}").write(form):
            size += len(piece)
        wall, cpu = perf_counter() - wall, process_time() - cpu
        name = named(f"export.{form}", rows)
        report(name, rows=rows, rows_per_second=rows / wall, rows_per_cpu_second=rows / cpu, bytes=size)


def main(rows: int, folder: str) -> None:
    filling = get_context("spawn").Process(target=fill, args=(folder, rows))
    filling.start()
    filling.join()
    check(filling.exitcode == 0)
    store = SegmentStore(Path(folder))
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    report(named("size", rows), rows=rows, bytes_per_row=sum(path.stat().st_size for path in files) / rows)
    last = store.last_seq(SESSION, RUN)

    def page(after: int) -> None:
        check(next(iter(store.read(SESSION, RUN, after))).batch() is not None)

    report(named("query.first page by cursor", rows), rows=rows, **milliseconds(lambda: page(0)))
    report(named("query.last page by cursor", rows), rows=rows, **milliseconds(lambda: page(last - 2)))
    paths = [str(path) for path in files if path.suffix == ".parquet"]
    engine = duckdb.connect()
    asked(store, rows, engine, paths)
    exported(store, rows)
    report(named("memory", rows), rows=rows, peak_mib=getrusage(RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    TIMES = int(sys.argv[3]) if len(sys.argv) > 3 else TIMES
    with tempfile.TemporaryDirectory() as made:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000, sys.argv[2] if len(sys.argv) > 2 else made)
