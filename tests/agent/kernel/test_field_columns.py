"""What each kind of field becomes, and what it gives away."""

from __future__ import annotations

import pytest

from agent.kernel.field_columns import BASE, field_risk, raw_fields
from agent.kernel.print_format import Symbols
from agent.kernel.tracepoints import Field
from bpf.dynamic import Place
from proto.v1 import tool_pb2 as pb


def only(field: Field, category: str = "sched", taken: tuple[str, ...] = ()) -> tuple[pb.Column, int, bool]:
    (raw,) = raw_fields(field, category, taken)
    assert raw.offset == field.offset - BASE
    return raw.column, raw.size, raw.signed


@pytest.mark.parametrize(
    ("size", "signed", "kind"),
    [
        (1, False, pb.CTYPE_U8),
        (1, True, pb.CTYPE_S32),
        (2, False, pb.CTYPE_U16),
        (2, True, pb.CTYPE_S32),
        (4, False, pb.CTYPE_U32),
        (4, True, pb.CTYPE_S32),
        (8, False, pb.CTYPE_U64),
        (8, True, pb.CTYPE_S64),
    ],
)
def test_a_number_keeps_its_sign_and_fits(size: int, signed: bool, kind: int) -> None:
    column, read, read_signed = only(Field("x", "some_t", 8, size, signed))
    assert (column.type, read, read_signed) == (kind, size, signed)
    assert column.sensitivity == pb.SENSITIVITY_PUBLIC


@pytest.mark.parametrize(
    ("c_type", "expected"),
    [
        ("int", (4, True)),
        ("unsigned int", (4, False)),
        ("umode_t", (2, False)),
        ("const clockid_t", (4, True)),
        ("size_t", (8, False)),
        ("loff_t", (8, True)),
    ],
)
def test_an_argument_of_a_system_call_is_as_wide_as_its_type(c_type: str, expected: tuple[int, bool]) -> None:
    assert only(Field("x", c_type, 16, 8), "syscalls")[1:] == expected


def test_texts_addresses_pointers_and_buffers_are_told_apart() -> None:
    comm, path = (
        Field("prev_comm", "char", 8, 16, array=True),
        Field("path", "char", 8, 4, array=True, place=Place.LOCATED),
    )
    address, buffer = Field("saddr", "__u8", 8, 4, array=True), Field("uuid", "u8", 8, 16, array=True)
    pointer = Field("skb", "void *", 8, 8)
    units = [only(field)[0].unit for field in (comm, path, address, buffer, pointer)]
    assert units == [pb.UNIT_COMM, pb.UNIT_NONE, pb.UNIT_IP_ADDRESS, pb.UNIT_HEX, pb.UNIT_ADDRESS]
    risks = [field_risk(field, "net") for field in (comm, path, address, buffer, pointer)]
    assert risks == [pb.RISK_S1, pb.RISK_S3, pb.RISK_S1, pb.RISK_S3, pb.RISK_S2]
    assert field_risk(pointer, "syscalls") == pb.RISK_S1
    assert only(path)[0].sensitivity == pb.SENSITIVITY_CONTENT


def test_a_short_array_of_numbers_becomes_a_column_each_and_a_long_one_a_buffer() -> None:
    fields = list(raw_fields(Field("args", "unsigned long", 16, 48, array=True), "raw_syscalls", ()))
    assert [field.column.name for field in fields] == [f"args_{index}" for index in range(6)]
    assert [field.offset for field in fields] == [8, 16, 24, 32, 40, 48]
    long = Field("table", "u64", 8, 17 * 8, array=True)
    assert only(long)[0].unit == pb.UNIT_HEX
    assert field_risk(long, "sched") == pb.RISK_S3


def test_a_field_never_takes_the_name_of_a_column_that_is_there() -> None:
    assert only(Field("comm", "char", 8, 16, array=True), taken=("comm",))[0].name == "field_comm"


def test_names_of_values_travel_along() -> None:
    column, _, _ = only(Field("flags", "u64", 8, 8, symbols=Symbols(((1, "A"), (2**63, "B")), flags=True)))
    assert [(symbol.value, symbol.name) for symbol in column.symbols] == [(1, "A"), (-(2**63), "B")]
    assert column.flags
