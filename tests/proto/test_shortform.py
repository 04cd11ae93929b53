"""Messages in the short form of tool.toml."""

from __future__ import annotations

from typing import Any

import pytest

from proto.shortform import ShortFormError, enum_choices, enum_short, fill, to_dict
from proto.v1.stream_pb2 import RunSchema
from proto.v1.tool_pb2 import CTYPE_U32, CType, Kind, Param, Stream, Tool


def test_enums_lose_their_prefix_and_gain_it_again() -> None:
    assert enum_short(CType.DESCRIPTOR, CTYPE_U32) == "u32"
    assert enum_short(CType.DESCRIPTOR, 0) == ""
    assert enum_short(CType.DESCRIPTOR, 999) == ""
    assert enum_choices(Kind.DESCRIPTOR) == ["events", "top", "histogram", "stacks", "counters", "bytes"]


def test_what_was_filled_is_what_is_shown() -> None:
    stream = Stream()
    fill(stream, {"name": "x", "kind": "top", "capacity": 7, "column": [{"name": "time", "type": "s64"}]})
    shown = to_dict(stream)
    assert (shown["kind"], shown["capacity"], shown["hits"]) == ("top", 7, "")
    assert shown["columns"][0]["type"] == "s64"
    assert shown["columns"][0]["when"] == ""


def test_every_field_is_there_and_big_integers_are_numbers() -> None:
    tool = Tool()
    tool.limits.rows.max = 2**40
    assert to_dict(tool)["limits"]["rows"] == {"default": 0, "max": 2**40}
    assert to_dict(Tool())["limits"]["bytes"] == {"default": 0, "max": 0}
    assert to_dict(RunSchema(tool_digest=b"\1\2"))["tool_digest"] == "AQI="


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"nmae": "x"}, "nmae: unknown key"),
        ({"column": [{"tpye": "u8"}]}, r"column\[0\].tpye: unknown key"),
        ({"columns": []}, "columns: unknown key"),
        ({"kind": "KIND_TOP"}, "kind: 'KIND_TOP' is not one of events, top"),
        ({"kind": "unspecified"}, "kind: 'unspecified' is not one of"),
        ({"capacity": "7"}, "capacity: must be int"),
        ({"capacity": True}, "capacity: must be int"),
        ({"capacity": -1}, "capacity"),
        ({"name": 3}, "name: must be str"),
        ({"column": {"name": "x"}}, "column: must be a list"),
        ({"column": ["x"]}, r"column\[0\]: must be a table"),
    ],
)
def test_what_does_not_fit_is_named(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ShortFormError, match=message):
        fill(Stream(), data)


def test_a_number_too_large_for_its_field_is_an_error_in_one_line() -> None:
    with pytest.raises(ShortFormError) as caught:
        fill(Param(), {"min": 2**70})
    assert "\n" not in str(caught.value)
