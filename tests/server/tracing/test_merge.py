"""Hosts whose kernels give a stream different columns: queries and exports of their rows, side by side."""

from __future__ import annotations

import io
import json
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proto.columnar import arrow_schema, encode_body
from proto.frame import encode
from proto.v1 import tool_pb2 as pb
from proto.v1.stream_pb2 import BatchHead, RunSchema, StreamSchema
from proto.v1.tool_pb2 import Column, Symbol
from server.tracing.execute import answer
from server.tracing.export import Export, Format
from server.tracing.merge import merge
from server.tracing.question import Question
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore
from tests.server.tracing.rows import BOOT, WALL, stream

SESSION = UUID(int=1)
TIME = Column(name="time", type=pb.CTYPE_S64, unit=pb.UNIT_BOOT_TIME, role=pb.ROLE_TIME)
PID = Column(name="pid", type=pb.CTYPE_U32, unit=pb.UNIT_PID, role=pb.ROLE_KEY)
OLD = [
    TIME,
    PID,
    Column(name="flags", type=pb.CTYPE_U32, help="bits"),
    Column(name="name", type=pb.CTYPE_CHAR, size=16),
]
NEW = [TIME, PID, Column(name="flags", type=pb.CTYPE_U64), Column(name="extra", type=pb.CTYPE_STRING)]


def sources(*columns: list[Column]) -> list[tuple[RunSource, StreamSchema]]:
    streams = [stream("events", pb.KIND_EVENTS, each) for each in columns]
    return [
        (RunSource(UUID(int=n + 2), f"host-{n}", RunSchema(streams=[one]), BOOT, WALL + n), one)
        for n, one in enumerate(streams)
    ]


def test_columns_of_one_meaning_merge_and_others_stand_apart_and_say_where_they_are_not() -> None:
    merged = merge(sources(OLD, NEW))
    assert [column.name for column in merged.stream.columns] == ["time", "pid", "flags", "name", "flags_u64", "extra"]
    assert {name: hosts[0] for name, hosts in merged.lacking.items()} == {
        "flags": "host-1",
        "name": "host-1",
        "flags_u64": "host-0",
        "extra": "host-0",
    }
    assert merged.stream.columns[2].help == "bits; not on host-1"


def test_equal_columns_stay_as_they_are() -> None:
    merged = merge(sources(OLD, OLD))
    assert (list(merged.stream.columns), merged.lacking) == (OLD, {})


def test_names_of_values_add_up_unless_they_contradict_each_other() -> None:
    def state(*names: tuple[int, str]) -> list[Column]:
        symbols = [Symbol(value=value, name=name) for value, name in names]
        return [TIME, Column(name="state", type=pb.CTYPE_U32, symbols=symbols)]

    together = merge(sources(state((1, "S")), state((1, "S"), (2, "D"))))
    assert [symbol.name for symbol in together.stream.columns[1].symbols] == ["S", "D"]
    apart = merge(sources(state((1, "S")), state((1, "X")), state((1, "Y"))))
    assert [column.name for column in apart.stream.columns] == ["time", "state", "state_u32", "state_u32_2"]


@pytest.fixture(params=["open", "sealed"])
def filled(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[SegmentStore, SessionSource]:
    store, runs = SegmentStore(tmp_path), sources(OLD, NEW)
    values = [
        {"time": [BOOT, BOOT + 2], "pid": [7, 8], "flags": [1, 2], "name": [b"a", b"\xff"]},
        {"time": [BOOT + 1], "pid": [7], "flags": [2**63], "extra": [b"x"]},
    ]
    for (run, one), rows in zip(runs, values, strict=True):
        batch = pa.RecordBatch.from_pydict(rows, schema=_plain(one)).cast(arrow_schema(one.columns))
        body, size = encode_body(batch)
        count = batch.num_rows
        head = BatchHead(
            run_id=run.run.bytes, seq=1, rows=count, hits=count, body_size=size, boot_ns=BOOT, wall_ns=WALL
        )
        end = BatchHead(run_id=run.run.bytes, seq=2, first_row=count, boot_ns=BOOT, wall_ns=WALL)
        end.end.ledger_known = True
        store.pin(SESSION, run.run, run.schema)
        store.append(SESSION, run.run, [encode(head, body), encode(end)])
    if request.param == "sealed":
        assert store.seal_due() == 2
    return store, SessionSource(SESSION, ended=True, runs=[run for run, _ in runs])


def _plain(one: StreamSchema) -> pa.Schema:
    fields = arrow_schema(one.columns)
    return pa.schema([pa.field(f.name, pa.binary() if pa.types.is_dictionary(f.type) else f.type) for f in fields])


def ask(filled: tuple[SegmentStore, SessionSource], **question: object) -> list[list[object]]:
    store, source = filled
    return answer(store, source, "events", Question.model_validate(question)).rows


def test_questions_see_all_columns_and_nothing_where_a_host_has_none(
    filled: tuple[SegmentStore, SessionSource],
) -> None:
    rows = ask(filled, columns=["host", "flags", "name", "flags_u64", "extra"], order=[{"by": "host"}])
    assert rows == [
        ["host-0", 1, "a", None, None],
        ["host-0", 2, "\\xff", None, None],
        ["host-1", None, None, str(2**63), "x"],
    ]
    assert ask(filled, columns=["host"], filters=[{"column": "flags_u64", "op": "gt", "value": 1}]) == [["host-1"]]
    assert ask(filled, columns=["host"], filters=[{"column": "extra", "op": "ne", "value": "y"}]) == [["host-1"]]
    assert ask(filled, group_by=[{"column": "pid"}]) == [[7, 2], [8, 1]]


def exported(filled: tuple[SegmentStore, SessionSource], form: Format) -> bytes:
    store, source = filled
    return b"".join(Export(store, source, "events", b"{}").write(form))


def test_exports_leave_empty_what_a_host_does_not_have(filled: tuple[SegmentStore, SessionSource]) -> None:
    header, *lines = exported(filled, "csv").decode().splitlines()
    assert header == "host,time,pid,flags,name,flags_u64,extra"
    assert [line.split(",", 2)[2] for line in lines] == ["7,1,a,,", "8,2,\\xff,,", "7,,,9223372036854775808,x"]
    rows = [json.loads(line) for line in exported(filled, "ndjson").splitlines()]
    assert [set(row) - {"host", "time", "pid"} for row in rows] == [{"flags", "name"}] * 2 + [{"flags", "extra"}]
    table = pq.read_table(io.BytesIO(exported(filled, "parquet")))
    assert table["flags_u64"].to_pylist() == [None, None, 2**63]
    assert table["name"].to_pylist() == [b"a", b"\xff", None]
    assert table.schema.field("name").nullable
    assert not table.schema.field("pid").nullable
