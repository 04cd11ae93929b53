"""Bench: questions about a sealed session of ten million rows, beside DuckDB on the same files. One JSON line for each.

python -m tests.bench.query [ROWS]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

import duckdb  # noqa: E402  (Django first)

from server.tracing.execute import answer  # noqa: E402
from server.tracing.question import Question  # noqa: E402
from server.tracing.rows import RunSource  # noqa: E402
from server.tracing.sources import SessionSource  # noqa: E402
from server.tracing.store import SegmentStore  # noqa: E402
from tests.bench.store import PER_APPEND, RUN, SESSION, check, opensnoop_mix, report  # noqa: E402
from tests.server.tracing.rows import BOOT, SCHEMA, WALL  # noqa: E402

TIMES = 5
SOURCE = SessionSource(SESSION, ended=True, runs=[RunSource(RUN, "host-1", SCHEMA, BOOT, WALL)])
PLAIN = "SELECT path, count(*) FROM read_parquet(?) GROUP BY path ORDER BY 2 DESC LIMIT 20"


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
    for _ in range(3 * TIMES):
        for work, times in zip((ours, theirs), took, strict=True):
            start = perf_counter()
            work()
            times.append((perf_counter() - start) * 1000)
    return median(took[0]), median(took[1])


def fill(store: SegmentStore, rows: int) -> None:
    store.pin(SESSION, RUN, SCHEMA)
    frames = opensnoop_mix(rows)
    while some := list(islice(frames, PER_APPEND)):
        store.append(SESSION, RUN, some)
    check(store.seal_due() > 0)


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SegmentStore(Path(folder))
        fill(store, rows)
        last = store.last_seq(SESSION, RUN)

        def ask(**question: object) -> int:
            return len(answer(store, SOURCE, "events", Question.model_validate(question)).rows)

        def page(after: int) -> None:
            check(next(iter(store.read(SESSION, RUN, after))).batch() is not None)

        slots = [{"column": "time", "width": 10**9}, {"column": "latency", "log2": True}]
        top = {"group_by": [{"column": "path"}], "limit": 20}
        narrow = [{"column": "time", "op": "lt", "value": str(WALL + 10**9)}]
        end = [{"column": "row", "op": "ge", "value": rows - 100}]
        report("query.first page by cursor", rows=rows, **milliseconds(lambda: page(0)))
        report("query.last page by cursor", rows=rows, **milliseconds(lambda: page(last - 2)))
        report("query.first 100 rows", rows=rows, **milliseconds(lambda: check(ask() == 100)))
        report("query.last 100 rows", rows=rows, **milliseconds(lambda: check(ask(filters=end) == 100)))
        report("query.heat map of latency", rows=rows, **milliseconds(lambda: ask(group_by=slots, limit=10_000)))
        report("query.one second of time", rows=rows, **milliseconds(lambda: ask(filters=narrow)))
        paths = [str(path) for path in Path(folder).rglob("*.parquet")]
        engine = duckdb.connect()
        both = interleaved(lambda: check(ask(**top) == 20), lambda: engine.execute(PLAIN, [paths]).fetchall())
        report("query.top 20 paths", rows=rows, median_ms=both[0], duckdb_ms=both[1], ratio=both[0] / both[1])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
