import json

import pytest

from fleetscope.errors import FleetscopeError
from fleetscope.payload import Payload, payload_stream, unescape
from proto.text import escape

BYTES = {
    "name": "data",
    "kind": "bytes",
    "columns": [
        {"name": "way", "unit": "direction", "role": "key"},
        {"name": "size", "unit": "bytes", "role": "measure"},
        {"name": "data", "unit": "none", "role": "payload"},
    ],
}
EVENTS = {"name": "opens", "kind": "events", "columns": [{"name": "path", "unit": "file_path", "role": "text"}]}


def block(*rows: tuple[str, bytes]) -> bytes:
    return b"".join(json.dumps({"way": way, "data": escape(data)}).encode() + b"\n" for way, data in rows)


def test_every_byte_comes_back() -> None:
    for data in (bytes(range(256)), b"\\x41\\\\", "Grüße \u202e".encode(), b"", b"\n\r\0"):
        assert unescape(escape(data)) == data
        assert list(Payload(BYTES).of(block(("in", data)))) == [data]


def test_a_direction_leaves_the_other_out() -> None:
    rows = block(("in", b"a"), ("out", b"b"), ("in", b"c"))
    assert b"".join(Payload(BYTES, "in").of(rows)) == b"ac"
    assert b"".join(Payload(BYTES, "out").of(rows)) == b"b"


def test_a_stream_without_directions_has_none_to_choose() -> None:
    plain = {**BYTES, "columns": BYTES["columns"][1:]}
    with pytest.raises(FleetscopeError, match="leave --direction out"):
        Payload(plain, "in")


def test_the_stream_with_payload_is_found_or_its_absence_named() -> None:
    assert payload_stream("sslsniff", [EVENTS, BYTES]) is BYTES
    with pytest.raises(FleetscopeError, match="opensnoop yields events, which have no payload"):
        payload_stream("opensnoop", [EVENTS])
