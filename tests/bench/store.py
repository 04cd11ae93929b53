"""Bench: durable appends, sealing, reading by cursor and text export on one core. Prints one JSON line for each figure.

python -m tests.bench.store [ROWS]
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from uuid import UUID

import numpy as np
import pyarrow as pa

from proto import columnar
from proto.frame import encode
from proto.v1.stream_pb2 import END_CAUSE_DURATION, BatchHead, Ledger, RunEnd
from server.tracing.rows import RunSource, csv, ndjson
from server.tracing.store import SegmentStore
from tests.server.tracing.rows import BOOT, EVENTS, SCHEMA, WALL

SESSION, RUN = UUID(int=1), UUID(int=2)
BATCH = 65_536
PER_APPEND = 4
MANY = 5000


def opensnoop_mix(rows: int) -> Iterator[bytes]:
    """Frames as busy hosts send them: 50 programs and 5,000 paths, some of them far more often than others."""
    random = np.random.default_rng(7)
    comms = pa.array([b"prog-%d" % n for n in range(50)], pa.binary())
    paths = pa.array([b"/usr/lib/x86_64-linux-gnu/part-%d/lib%d.so" % (n % 97, n) for n in range(MANY)], pa.binary())
    for seq, first in enumerate(range(0, rows, BATCH), 1):
        count = min(BATCH, rows - first)
        body, size = columnar.encode_body(_batch(random, comms, paths, first, count))
        ledger = Ledger(seen=first + count, stored=first + count)
        head = BatchHead(seq=seq, rows=count, first_row=first, body_size=size, hits=count, ledger=ledger)
        yield encode(head, body)
    end = RunEnd(cause=END_CAUSE_DURATION, ledger_known=True)
    yield encode(BatchHead(seq=seq + 1, first_row=rows, ledger=Ledger(seen=rows, stored=rows), end=end))


def _batch(random: np.random.Generator, comms: pa.Array, paths: pa.Array, first: int, count: int) -> pa.RecordBatch:
    def zipf(limit: int) -> pa.Array:
        return pa.array((random.zipf(1.3, count) % limit).astype(np.int32))

    time = BOOT + first * 1000 + np.cumsum(random.integers(100, 1900, count))
    arrays = [
        pa.array(time, pa.int64()),
        pa.array(random.zipf(1.5, count) % 400 + 1000, pa.uint32()),
        _compact(comms, zipf(50)),
        pa.array(np.where(random.random(count) < 0.3, -1, random.integers(3, 40, count)), pa.int32()),
        pa.array((random.pareto(1.5, count) * 2000).astype(np.uint64)),
        _compact(paths, zipf(MANY)),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=columnar.arrow_schema(EVENTS.columns))


def _compact(values: pa.Array, indices: pa.Array) -> pa.DictionaryArray:
    return values.take(indices).dictionary_encode()


def report(bench: str, **figures: float) -> None:
    print(json.dumps({"bench": bench, **{name: round(value, 4) for name, value in figures.items()}}), flush=True)


def timed(bench: str, rows: int, work: Callable[[], None]) -> None:
    wall, cpu = perf_counter(), process_time()
    work()
    wall, cpu = perf_counter() - wall, process_time() - cpu
    report(bench, rows=rows, seconds=wall, rows_per_second=rows / wall, rows_per_cpu_second=rows / cpu)


def appended(store: SegmentStore, frames: list[bytes]) -> None:
    store.pin(SESSION, RUN, SCHEMA)
    for start in range(0, len(frames), PER_APPEND):
        store.append(SESSION, RUN, frames[start : start + PER_APPEND])


def main(rows: int) -> None:
    source = RunSource(RUN, "host-1", SCHEMA, BOOT, WALL)
    frames = list(opensnoop_mix(rows))
    with tempfile.TemporaryDirectory() as folder:
        store = SegmentStore(Path(folder))
        timed("store.append, durable", rows, lambda: appended(store, frames))
        timed("store.index, cold", rows, lambda: check(SegmentStore(Path(folder)).index(SESSION, RUN).rows == rows))
        timed("store.read, open", rows, lambda: check(total(store) == rows))
        timed("store.seal", rows, lambda: check(store.seal_due() > 0))
        timed("store.index, sealed and cold", rows, lambda: check(_cold(folder) == rows))
        timed("store.read, sealed", rows, lambda: check(total(store) == rows))
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        report("store.size", bytes_per_row=size / rows, bytes_per_row_before=sum(map(len, frames)) / rows)
        timed("export.ndjson", rows, lambda: text(store, lambda batch: ndjson(source, EVENTS, batch)))
        timed("export.csv", rows, lambda: text(store, lambda batch: csv(source, EVENTS, batch)))


def _cold(folder: str) -> int:
    return SegmentStore(Path(folder)).index(SESSION, RUN).rows


def total(store: SegmentStore) -> int:
    return sum(batch.num_rows for stored in store.read(SESSION, RUN) if (batch := stored.batch()) is not None)


def text(store: SegmentStore, write: Callable[[pa.RecordBatch], bytes]) -> None:
    lines = sum(
        write(batch).count(b"\n") for stored in store.read(SESSION, RUN) if (batch := stored.batch()) is not None
    )
    check(lines >= store.index(SESSION, RUN).rows)


def check(holds: bool) -> None:
    if not holds:
        raise SystemExit("the bench measured something that does not work")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
