from __future__ import annotations

import csv as csv_reader
import io
import json
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proto.text import escape, unescape
from proto.v1 import tool_pb2 as pb
from proto.v1.tool_pb2 import Column
from server.tracing import rows
from server.tracing.rows import RunSource
from tests.hostile import strings
from tests.server.tracing.rows import BOOT, EVENTS, SCHEMA, STACKS, TWO_STREAMS, WALL, batch, events, stacks, stream

FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # OWASP, "CSV injection"
SOURCE = RunSource(UUID(int=1), "db-1", SCHEMA, BOOT, WALL)
ARGS = stream(
    "execs",
    pb.KIND_EVENTS,
    [
        Column(name="time", type=pb.CTYPE_S64, unit=pb.UNIT_BOOT_TIME),
        Column(name="function", type=pb.CTYPE_NAME, unit=pb.UNIT_FUNCTION),
        Column(name="argv", type=pb.CTYPE_STRING, unit=pb.UNIT_ARGV),
    ],
)


def parsed(data: bytes) -> list[list[str]]:
    return list(csv_reader.reader(io.StringIO(data.decode(), newline="")))


def commands(*argv: bytes) -> pa.RecordBatch:
    names = pa.array(["execve"] * len(argv))
    return batch(ARGS, [pa.array([BOOT] * len(argv)), names, pa.array(argv, pa.binary())])


def test_ndjson_has_host_wall_clock_and_every_column() -> None:
    line, _ = rows.ndjson(SOURCE, EVENTS, events(1, 2)).splitlines()
    assert json.loads(line) == {
        "host": "db-1",
        "time": "2026-09-21T14:13:20.000001000Z",
        "pid": 101,
        "comm": "l\\xffs",
        "fd": -1,
        "latency": 1,
        "path": "/missing/1",
    }
    assert b'"stream":"events"' in rows.ndjson(SOURCE, EVENTS, events(0, 1), tag=True)


def test_a_slice_gives_its_own_rows() -> None:
    whole, part = events(0, 30), events(0, 30).slice(10, 5)
    assert rows.ndjson(SOURCE, EVENTS, part).splitlines() == rows.ndjson(SOURCE, EVENTS, whole).splitlines()[10:15]
    assert rows.csv(SOURCE, EVENTS, part).splitlines() == rows.csv(SOURCE, EVENTS, whole).splitlines()[10:15]
    part = stacks(0, 30).slice(10, 5)
    assert (
        rows.ndjson(SOURCE, STACKS, part).splitlines() == rows.ndjson(SOURCE, STACKS, stacks(0, 30)).splitlines()[10:15]
    )


def test_no_rows_are_no_text() -> None:
    assert rows.ndjson(SOURCE, EVENTS, events(0, 0)) == b""
    assert rows.csv(SOURCE, EVENTS, events(0, 0)) == b""


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_any_bytes_come_back_from_ndjson_and_csv(paths: list[bytes]) -> None:
    found = events(0, len(paths), paths=paths)
    lines = rows.ndjson(SOURCE, EVENTS, found).splitlines()
    assert [unescape(json.loads(line)["path"]) for line in lines] == paths
    cells = [row[-1] for row in parsed(rows.csv(SOURCE, EVENTS, found))]
    texts = [escape(path) for path in paths]
    assert cells == [f"'{text}" if rows.is_formula(text) else text for text in texts]


def test_arguments_are_a_list_in_json_and_one_text_in_csv() -> None:
    found = commands(b"ls\0-l\0/\xff\0", b"echo\0a b\0\0", b"")
    lines = [json.loads(line)["argv"] for line in rows.ndjson(SOURCE, ARGS, found).splitlines()]
    assert lines == [["ls", "-l", "/\\xff"], ["echo", "a b", ""], []]
    assert [row[-1] for row in parsed(rows.csv(SOURCE, ARGS, found))] == ["ls -l /\\xff", "echo a b ", ""]
    assert json.loads(rows.ndjson(SOURCE, ARGS, found).splitlines()[0])["function"] == "execve"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\0x"])
def test_csv_text_never_starts_a_formula(text: str) -> None:
    found = events(0, 1, paths=[text.encode()])
    assert parsed(rows.csv(SOURCE, EVENTS, found))[0][-1] == f"'{text}"
    hostile = RunSource(SOURCE.run, text, SCHEMA, BOOT, WALL)
    assert parsed(rows.csv(hostile, EVENTS, found))[0][0] == f"'{text}"


def test_csv_numbers_stay_numbers() -> None:
    assert parsed(rows.csv(SOURCE, EVENTS, events(1, 1)))[0][4] == "-1"


def test_csv_header_names_the_columns() -> None:
    assert rows.csv_header(EVENTS) == b"host,time,pid,comm,fd,latency,path\r\n"


def test_csv_stacks_are_one_cell() -> None:
    found = parsed(rows.csv(SOURCE, STACKS, stacks(0, 2)))
    assert [row[3] for row in found] == ["main;work0", "main;work1;sys_read_[k]"]


def test_a_csv_stack_is_no_formula_either() -> None:
    frames = pa.array([["-[NSString length]", 'say "x"']], pa.list_(pa.utf8()))
    values = pa.ListArray.from_arrays(frames.offsets, frames.values.dictionary_encode())
    found = batch(STACKS, [pa.array([BOOT]), pa.array([b"w"], pa.binary()), values, pa.array([1], pa.uint64())])
    assert parsed(rows.csv(SOURCE, STACKS, found))[0][3] == '\'-[NSString length];say "x"'


def test_ndjson_stacks_are_lists() -> None:
    line = rows.ndjson(SOURCE, STACKS, stacks(0, 2)).splitlines()[1]
    assert json.loads(line)["stack"] == ["main", "work1", "sys_read_[k]"]


def test_folded_sums_equal_stacks() -> None:
    found = rows.folded(STACKS, stacks(0, 6))
    assert found == {
        "worker;main;work0": 1,
        "worker;main;work1;sys_read_[k]": 2,
        "worker;main;work2": 3,
        "worker;main;work0;sys_read_[k]": 4,
        "worker;main;work1": 5,
        "worker;main;work2;sys_read_[k]": 1,
    }


def test_a_table_keeps_raw_bytes_and_has_the_wall_clock() -> None:
    table = rows.table(SOURCE, EVENTS, events(1, 1))
    assert table.schema.equals(rows.table_schema(EVENTS))
    row = table.to_pylist()[0]
    assert (row["host"], row["comm"]) == ("db-1", b"l\xffs")
    assert table["time"][0].value == WALL + 1000


def test_a_source_finds_its_streams_by_name() -> None:
    both = RunSource(SOURCE.run, "h", TWO_STREAMS, BOOT, WALL)
    assert [both.stream_number(name) for name in ("events", "stacks", "none")] == [0, 1, None]


def test_no_hostile_string_becomes_a_formula_or_another_cell_and_all_come_back() -> None:
    """Over every kind of text that a row has, and the host's name."""
    texts = [text.replace("\0", "") for text in strings()]
    raw = [text.encode() for text in texts]
    opened = parsed(rows.csv(SOURCE, EVENTS, events(0, len(raw), paths=raw)))
    started = parsed(rows.csv(SOURCE, ARGS, commands(*raw)))
    named = [
        parsed(rows.csv(RunSource(UUID(int=1), text, SCHEMA, BOOT, WALL), EVENTS, events(0, 1)))[0] for text in texts
    ]
    shown = [escape(text) for text in raw]
    for cells, wanted in (
        ([row[-1] for row in opened], shown),
        ([row[-1] for row in started], shown),
        ([row[0] for row in named], texts),
    ):
        assert cells == [f"'{text}" if text[:1] in FORMULA_STARTS else text for text in wanted]
        assert not [cell for cell in cells if cell[:1] in FORMULA_STARTS]
    assert sum(text[:1] in FORMULA_STARTS for text in texts) > 50
