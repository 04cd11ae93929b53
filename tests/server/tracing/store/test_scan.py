from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.tracing.store.scan import scan
from tests.server.tracing.rows import Frames

FRAMES = Frames()
FIRST, SECOND, THIRD = (FRAMES.rows_of(3) for _ in range(3))


def seqs(data: bytes, offset: int = 0) -> list[int | None]:
    return [entry.frame.head.seq if entry.frame else None for entry in scan(io.BytesIO(data), offset)]


def test_whole_frames() -> None:
    assert seqs(b"") == []
    assert seqs(FIRST + SECOND + THIRD) == [1, 2, 3]
    assert seqs(FIRST + SECOND + THIRD, len(FIRST)) == [2, 3]


def test_ends_and_sizes_are_offsets() -> None:
    entries = list(scan(io.BytesIO(FIRST + SECOND)))
    assert [(entry.end, entry.size) for entry in entries] == [
        (len(FIRST), len(FIRST)),
        (len(FIRST + SECOND), len(SECOND)),
    ]


@settings(deadline=None)
@given(st.integers(0, len(SECOND) - 1))
def test_a_torn_tail_is_left_out(kept: int) -> None:
    assert seqs(FIRST + SECOND[:kept]) == [1]


@settings(deadline=None)
@given(st.integers(0, len(SECOND) - 1))
def test_a_changed_byte_is_damage_and_what_follows_is_found(at: int) -> None:
    changed = SECOND[:at] + bytes([SECOND[at] ^ 0x55]) + SECOND[at + 1 :]
    assert seqs(FIRST + changed + THIRD) == [1, None, 3]


def test_a_damaged_frame_at_the_end_is_a_torn_tail() -> None:
    assert seqs(FIRST + SECOND[:-1] + b"\0") == [1]


@pytest.mark.parametrize("junk", [b"FSF1", b"junk", b"FSF1" + b"\xff" * 12])
def test_junk_between_frames_is_damage(junk: bytes) -> None:
    assert seqs(FIRST + junk + SECOND) == [1, None, 2]
    assert seqs(junk + FIRST) == [None, 1]
