"""Bench: the flame graph of a sealed session of ten million samples, beside DuckDB on the same files.

python -m tests.bench.flame [ROWS]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

import duckdb  # noqa: E402  (Django first)
import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402

from proto import columnar  # noqa: E402
from proto.frame import encode  # noqa: E402
from proto.v1.stream_pb2 import END_CAUSE_DURATION, BatchHead, Ledger, RunEnd, RunSchema  # noqa: E402
from server.tracing.execute import answer  # noqa: E402
from server.tracing.question import Question  # noqa: E402
from server.tracing.rows import RunSource  # noqa: E402
from server.tracing.sources import SessionSource  # noqa: E402
from server.tracing.store import SegmentStore  # noqa: E402
from tests.bench.query import filled, interleaved  # noqa: E402
from tests.bench.store import RUN, SESSION, check, report  # noqa: E402
from tests.server.tracing.rows import BOOT, STACKS, WALL  # noqa: E402

SCHEMA = RunSchema(tool="profile", variant="perf_timer", streams=[STACKS])
SOURCE = SessionSource(SESSION, ended=True, runs=[RunSource(RUN, "host-1", SCHEMA, BOOT, WALL)])
DIFFERENT, FUNCTIONS, DEEPEST = 3000, 1500, 40
BATCH = 16_384  # rows: a body has at most 8 MiB
WANTED = {
    "group_by": [{"column": "stack"}],
    "measures": [{"function": "sum", "column": "samples"}],
    "limit": 10_000,
}
BY_HAND = "SELECT stack, sum(samples) FROM read_parquet(?) GROUP BY 1 ORDER BY 2 DESC LIMIT 10000"


def samples(rows: int) -> Iterator[bytes]:
    """Frames of a profile: 3,000 different stacks of 5 to 40 functions, a few of them most of the samples."""
    random = np.random.default_rng(7)
    functions = pa.array([f"part_{n % 61}::function_{n}" for n in range(FUNCTIONS)])
    depths = random.integers(5, DEEPEST, DIFFERENT)
    offsets = np.concatenate([[0], np.cumsum(depths)]).astype(np.int32)
    calls = functions.take(pa.array(random.integers(0, FUNCTIONS, offsets[-1])))
    different = pa.ListArray.from_arrays(pa.array(offsets), calls)
    for seq, first in enumerate(range(0, rows, BATCH), 1):
        count = min(BATCH, rows - first)
        body, size = columnar.encode_body(_batch(random, different, first, count))
        ledger = Ledger(seen=first + count, stored=first + count)
        yield encode(BatchHead(seq=seq, rows=count, first_row=first, body_size=size, hits=count, ledger=ledger), body)
    end = RunEnd(cause=END_CAUSE_DURATION, ledger_known=True)
    yield encode(BatchHead(seq=seq + 1, first_row=rows, ledger=Ledger(seen=rows, stored=rows), end=end))


def _batch(random: np.random.Generator, different: pa.ListArray, first: int, count: int) -> pa.RecordBatch:
    stacks = different.take(pa.array((random.zipf(1.3, count) % DIFFERENT).astype(np.int32)))
    arrays = [
        pa.array(BOOT + (first + np.arange(count)) * 1000, pa.int64()),
        pa.array([b"worker"] * count, pa.binary()).dictionary_encode(),
        pa.ListArray.from_arrays(stacks.offsets, stacks.values.dictionary_encode()),
        pa.array(random.integers(1, 5, count), pa.uint64()),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=columnar.arrow_schema(STACKS.columns))


def fill(folder: str, rows: int) -> None:
    filled(folder, SCHEMA, samples(rows), rows)


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        filling = get_context("spawn").Process(target=fill, args=(folder, rows))
        filling.start()
        filling.join()
        check(filling.exitcode == 0)
        store, engine = SegmentStore(Path(folder)), duckdb.connect()
        paths = [str(path) for path in Path(folder).rglob("*.parquet")]
        wanted = Question.model_validate(WANTED)
        graph = partial(answer, store, SOURCE, STACKS.name, wanted)
        check(len(graph().rows) == len(engine.execute(BY_HAND, [paths]).fetchall()))
        ours, theirs = interleaved(graph, lambda: engine.execute(BY_HAND, [paths]).fetchall())
        report("flame", rows=rows, median_ms=ours, duckdb_ms=theirs, ratio=ours / theirs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
