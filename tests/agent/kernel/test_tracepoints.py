"""Formats as kernels write them, as nobody should write them, and all of this kernel."""

from __future__ import annotations

import pytest

from agent.kernel.field_columns import BASE, field_risk, raw_fields
from agent.kernel.tracepoints import (
    RECORD_MAX,
    Field,
    TracepointError,
    parse_format,
    read_tracepoint,
    tracefs,
    tracepoint_names,
)
from bpf.dynamic import Place
from proto.columnar import arrow_schema

HEAD = """name: sample
ID: 7
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

"""


def one(line: str, tail: str = "") -> Field:
    (field,) = parse_format("a:b", f"{HEAD}\tfield:{line}\n\nprint fmt: {tail}").fields
    return field


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("pid_t pid;\toffset:8;\tsize:4;\tsigned:1;", Field("pid", "pid_t", 8, 4, signed=True)),
        ("char comm[16];\toffset:8;\tsize:16;\tsigned:0;", Field("comm", "char", 8, 16, array=True)),
        ("char comm[TASK_COMM_LEN];\toffset:8;\tsize:16;", Field("comm", "char", 8, 16, array=True)),
        ("const char * name;\toffset:8;\tsize:8;\tsigned:0;", Field("name", "const char *", 8, 8)),
        ("const char *name;\toffset:8;\tsize:8;\tsigned:0;", Field("name", "const char *", 8, 8)),
        (
            "__data_loc char[] path;\toffset:8;\tsize:4;\tsigned:0;",
            Field("path", "char", 8, 4, array=True, place=Place.LOCATED),
        ),
        (
            "__rel_loc u8[] data;\toffset:12;\tsize:4;\tsigned:0;",
            Field("data", "u8", 12, 4, array=True, place=Place.RELATIVE),
        ),
        ("unsigned long args[6];\toffset:16;\tsize:48;\tsigned:0;", Field("args", "unsigned long", 16, 48, array=True)),
        ("enum a_b c;\toffset:8;\tsize:1;\tsigned:0;", Field("c", "enum a_b", 8, 1)),
        ("struct in6_addr a;\toffset:8;\tsize:16;\tsigned:0;", Field("a", "struct in6_addr", 8, 16)),
    ],
)
def test_a_field_is_what_its_line_says(line: str, field: Field) -> None:
    assert one(line) == field


def test_values_are_called_what_the_print_format_calls_them() -> None:
    field = one(
        "int state;\toffset:8;\tsize:4;\tsigned:1;", '"%s", __print_symbolic(REC->state, { 1, "ON" }, { 2, "OFF" })'
    )
    assert field.symbols.names == ((1, "ON"), (2, "OFF"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("int;\toffset:8;\tsize:4;\tsigned:1;", "cannot be read"),
        ("int x;\toffset:-8;\tsize:4;\tsigned:1;", "cannot be read"),
        ("int x\toffset:8", "cannot be read"),
        (f"int x;\toffset:{RECORD_MAX};\tsize:1;\tsigned:1;", "ends behind 8192 bytes"),
        ("__data_loc char[] x;\toffset:8;\tsize:8;\tsigned:0;", "located by 8 bytes"),
        ("int x;\toffset:8;\tsize:4;\n\tfield:int x;\toffset:8;\tsize:4;", "the field x twice"),
    ],
)
def test_an_odd_format_is_refused_and_named(line: str, message: str) -> None:
    with pytest.raises(TracepointError, match=rf"^a:b: .*{message}"):
        one(line)


def test_fields_without_bytes_have_no_value() -> None:
    assert parse_format("a:b", f"{HEAD}\tfield:unsigned long args[];\toffset:24;\tsize:0;\tsigned:0;\n").fields == ()


@pytest.mark.parametrize("target", ["../../etc:passwd", "sched", "sched:", "a:b:c", "ftrace:function", "a/b:c"])
def test_only_a_tracepoint_is_looked_up(target: str) -> None:
    with pytest.raises(TracepointError, match="is no tracepoint"):
        read_tracepoint(target)


@pytest.mark.kernel
def test_all_tracepoints_of_this_kernel_become_columns() -> None:
    names = tracepoint_names()
    assert len(names) > 500
    assert names == sorted(names)
    for name in names:
        category = name.partition(":")[0]
        taken: list[str] = []
        for field in read_tracepoint(name).fields:
            for raw in raw_fields(field, category, taken):
                assert 0 <= raw.offset <= RECORD_MAX - BASE
                assert raw.column.help
                taken.append(raw.column.name)
                arrow_schema([raw.column])
            assert field_risk(field, category) > 0
        assert len(set(taken)) == len(taken), name


@pytest.mark.kernel
def test_what_is_not_there_is_told_with_where_to_look() -> None:
    with pytest.raises(TracepointError, match=rf"no tracepoint sched:nothing; see: ls {tracefs()}/events/sched"):
        read_tracepoint("sched:nothing")
    with pytest.raises(TracepointError, match="no category nothing"):
        read_tracepoint("nothing:nothing")
