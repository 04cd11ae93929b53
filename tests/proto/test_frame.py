"""Frames survive the disk and the wire, or are refused by name."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto import frame
from proto.v1.stream_pb2 import BatchHead


def some(seq: int = 1, body: bytes = b"rows") -> bytes:
    return frame.encode(BatchHead(run_id=b"r" * 16, seq=seq, rows=3), body)


def test_what_was_encoded_is_decoded() -> None:
    decoded = frame.decode(some(seq=7))
    assert (decoded.head.seq, decoded.head.rows, decoded.body) == (7, 3, b"rows")
    assert decoded.raw == some(seq=7)


def test_a_frame_without_rows_has_no_body() -> None:
    assert frame.decode(some(body=b"")).body == b""


@given(st.data())
def test_no_flipped_bit_goes_unnoticed(data: st.DataObject) -> None:
    raw = bytearray(some())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(frame.FrameError):
        frame.decode(bytes(raw))


@given(st.integers(0, len(some()) - 1))
def test_no_shortened_frame_is_taken(length: int) -> None:
    with pytest.raises(frame.FrameError):
        frame.decode(some()[:length])


def test_a_declared_size_over_the_cap_is_refused_before_anything_is_read() -> None:
    prefix = frame.PREFIX.pack(frame.MAGIC, 10, frame.MAX_BODY + 1, 0)
    with pytest.raises(frame.FrameError, match="too large"):
        frame.frame_size(prefix)


def test_too_much_for_one_frame_is_refused_by_the_sender() -> None:
    with pytest.raises(frame.FrameError, match="smaller batches"):
        frame.encode(BatchHead(), b"x" * (frame.MAX_BODY + 1))


def test_a_head_that_is_no_message_is_refused() -> None:
    head = b"\xff\xff\xff"
    whole = frame.PREFIX.pack(frame.MAGIC, len(head), 0, frame._crc(head, b"")) + head
    with pytest.raises(frame.FrameError, match="BatchHead"):
        frame.decode(whole)


def test_a_scan_stops_at_a_torn_tail_and_knows_where() -> None:
    file = io.BytesIO(some(1) + some(2) + some(3)[:-1])
    found = list(frame.scan(file))
    assert [item.head.seq for _, item in found] == [1, 2]
    assert found[-1][0] == len(some(1)) + len(some(2))


def test_a_scan_goes_on_where_it_is_told() -> None:
    file = io.BytesIO(some(1) + some(2))
    assert [item.head.seq for _, item in frame.scan(file, len(some(1)))] == [2]


def test_a_scan_refuses_a_damaged_frame_in_the_middle() -> None:
    damaged = bytearray(some(1) + some(2))
    damaged[len(some(1)) - 1] ^= 1
    with pytest.raises(frame.FrameError, match="damaged"):
        list(frame.scan(io.BytesIO(bytes(damaged))))
