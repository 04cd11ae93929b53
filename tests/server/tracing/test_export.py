from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.departure import Departure
from server.errors import Invalid
from server.tracing import export as export_module
from server.tracing.export import Export, Format
from server.tracing.question import Question
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore
from tests.server.tracing.rows import BOOT, TWO_STREAMS, WALL, Frames

SESSION = UUID(int=1)
ABOUT = orjson.dumps({"books": "complete"})
RUNS = [RunSource(UUID(int=n), f"host-{n}", TWO_STREAMS, BOOT, WALL) for n in (2, 3)]
SOURCE = SessionSource(SESSION, ended=True, runs=RUNS)


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    store = SegmentStore(tmp_path)
    for run in RUNS:
        frames = Frames()
        store.pin(SESSION, run.run, TWO_STREAMS)
        store.append(SESSION, run.run, [frames.rows_of(30), frames.stacks_of(12), frames.rows_of(20)])
        store.append(SESSION, run.run, [frames.end(END_CAUSE_DURATION)])
    return store


def written(store: SegmentStore, form: Format, stream: str = "events", question: Question | None = None) -> bytes:
    return b"".join(Export(store, SOURCE, stream, ABOUT, question=question or Question()).write(form))


@pytest.mark.parametrize("sealed", [False, True])
def test_every_format_has_every_row_of_the_stream(store: SegmentStore, sealed: bool) -> None:
    if sealed:
        store.seal_due()
    assert len(written(store, "ndjson").splitlines()) == 100
    assert len(written(store, "csv").splitlines()) == 101
    assert pa.ipc.open_stream(written(store, "arrow")).read_all().num_rows == 100
    assert pq.read_table(io.BytesIO(written(store, "parquet"))).num_rows == 100
    assert len(written(store, "ndjson", "stacks").splitlines()) == 24


def test_arrow_and_parquet_carry_the_books(store: SegmentStore) -> None:
    for schema in (
        pa.ipc.open_stream(written(store, "arrow")).schema,
        pq.read_schema(io.BytesIO(written(store, "parquet"))),
    ):
        assert orjson.loads(schema.metadata[b"fleetscope"]) == {"books": "complete"}
        assert schema.names[:2] == ["host", "time"]


def test_stacks_in_every_format_are_the_same(store: SegmentStore) -> None:
    arrow = pa.ipc.open_stream(written(store, "arrow", "stacks")).read_all()
    parquet = pq.read_table(io.BytesIO(written(store, "parquet", "stacks")))
    lines = [orjson.loads(line) for line in written(store, "ndjson", "stacks").splitlines()]
    assert arrow["stack"].to_pylist() == parquet["stack"].to_pylist() == [line["stack"] for line in lines]


def test_folded_adds_up_over_hosts(store: SegmentStore) -> None:
    found = dict(line.rsplit(" ", 1) for line in written(store, "folded", "stacks").decode().splitlines())
    rows = [orjson.loads(line) for line in written(store, "ndjson", "stacks").splitlines()]
    assert sum(map(int, found.values())) == sum(row["samples"] for row in rows)
    assert all(stack.startswith("worker;main;") for stack in found)


def test_only_stacks_can_be_folded(store: SegmentStore) -> None:
    with pytest.raises(Invalid, match="stream events has no stacks"):
        Export(store, SOURCE, "events", ABOUT).write("folded")


def test_small_batches_share_a_row_group(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pq.ParquetFile(io.BytesIO(written(store, "parquet"))).num_row_groups == 1
    monkeypatch.setattr(export_module, "GROUP_ROWS", 40)
    assert pq.ParquetFile(io.BytesIO(written(store, "parquet"))).num_row_groups == 2


def test_large_batches_are_cut_into_pieces(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {form: written(store, form) for form in ("ndjson", "csv")}
    monkeypatch.setattr(export_module, "PIECE_ROWS", 7)
    assert {form: written(store, form) for form in ("ndjson", "csv")} == whole


@pytest.mark.parametrize("form", ["ndjson", "csv", "arrow", "parquet"])
def test_memory_does_not_grow_with_the_session(tmp_path: Path, form: Format) -> None:
    store, frames = SegmentStore(tmp_path), Frames()
    store.pin(SESSION, RUNS[0].run, TWO_STREAMS)
    for _ in range(40):
        store.append(SESSION, RUNS[0].run, [frames.rows_of(2000)])
    source = SessionSource(SESSION, ended=True, runs=RUNS[:1])
    size, before = 0, pa.total_allocated_bytes()
    peak = 0
    tracemalloc.start()
    for piece in Export(store, source, "events", ABOUT).write(form):
        size += len(piece)
        peak = max(peak, pa.total_allocated_bytes() - before)
    _, python_peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 300_000
    assert python_peak < 6_000_000
    assert peak < 16_000_000


SOME = {
    "events": Question.model_validate(
        {
            "filters": [{"column": "pid", "op": "in", "value": [101, 102, 103], "negated": True}],
            "any_of": [[{"column": "comm", "op": "has", "value": "CAT"}, {"column": "row", "op": "lt", "value": 20}]],
        }
    ),
    "stacks": Question.model_validate({"filters": [{"column": "stack", "op": "has", "value": "SYS_read"}]}),
}


def passes(row: dict[str, Any]) -> bool:
    """As SOME has it; numbers follow from the row's latency, which is the square of its number."""
    if "stack" in row:
        return any("sys_read" in frame for frame in row["stack"])
    return row["pid"] not in (101, 102, 103) and (row["comm"] == "cat" or row["latency"] < 400)


@pytest.mark.parametrize("state", ["open", "sealed", "mixed"])
@pytest.mark.parametrize("stream", ["events", "stacks"])
def test_an_export_of_some_rows_is_those_of_all_that_pass(store: SegmentStore, state: str, stream: str) -> None:
    if state != "open":
        store.seal_due()
    if state == "mixed":
        more = Frames()
        run = UUID(int=4)
        store.pin(SESSION, run, TWO_STREAMS)
        store.append(SESSION, run, [more.rows_of(30), more.stacks_of(12)])
        SOURCE.runs.append(RunSource(run, "host-4", TWO_STREAMS, BOOT, WALL))
    try:
        wanted = [line for line in written(store, "ndjson", stream).splitlines() if passes(orjson.loads(line))]
        assert 0 < len(wanted) < 100
        assert written(store, "ndjson", stream, SOME[stream]).splitlines() == wanted
        arrow = pa.ipc.open_stream(written(store, "arrow", stream, SOME[stream])).read_all()
        parquet = pq.read_table(io.BytesIO(written(store, "parquet", stream, SOME[stream])))
        assert parquet.to_pylist() == arrow.to_pylist()
        assert arrow.num_rows == len(wanted) == len(written(store, "csv", stream, SOME[stream]).splitlines()) - 1
        assert arrow.schema == pa.ipc.open_stream(written(store, "arrow", stream)).schema
    finally:
        del SOURCE.runs[2:]


def test_a_filter_that_does_not_fit_is_refused_before_the_first_piece(store: SegmentStore) -> None:
    wrong = Question.model_validate({"filters": [{"column": "nothing", "op": "eq", "value": 1}]})
    with pytest.raises(Invalid, match="there is no column 'nothing'"):
        Export(store, SOURCE, "events", ABOUT, question=wrong).write("csv")


def test_an_export_ends_once_nobody_reads_it(store: SegmentStore) -> None:
    departure = Departure()
    pieces = Export(store, SOURCE, "events", ABOUT, question=SOME["events"], departure=departure).write("ndjson")
    assert next(pieces)
    departure.leave()
    assert sum(1 for _ in pieces) <= 1, "at most what DuckDB had already worked out"
