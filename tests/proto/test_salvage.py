from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proto.salvage import salvage
from tests.server.tracing.rows import Frames

FRAMES = Frames()
FIRST, SECOND, THIRD = (FRAMES.rows_of(3) for _ in range(3))


def seqs(data: bytes, offset: int = 0) -> list[int | None]:
    return [entry.frame.head.seq if entry.frame else None for entry in salvage(io.BytesIO(data), offset)]


def test_whole_frames() -> None:
    assert seqs(b"") == []
    assert seqs(FIRST + SECOND + THIRD) == [1, 2, 3]
    assert seqs(FIRST + SECOND + THIRD, len(FIRST)) == [2, 3]


def test_ends_and_sizes_are_offsets() -> None:
    entries = list(salvage(io.BytesIO(FIRST + SECOND)))
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


class Growing(io.BytesIO):
    """A file that is being appended to: the first looks see only its beginning, later ones all."""

    def __init__(self, data: bytes, seen_at_first: int, looks: int) -> None:
        super().__init__(data)
        self._seen, self._looks = seen_at_first, looks

    def read(self, size: int | None = -1) -> bytes:
        self._looks -= 1
        end = self._seen if self._looks >= 0 else len(self.getvalue())
        wanted = len(self.getvalue()) if size is None or size < 0 else size
        return super().read(max(0, min(wanted, end - self.tell())))


@settings(deadline=None)
@given(st.integers(0, len(SECOND)), st.integers(0, 8))
def test_a_frame_that_is_written_while_we_look_is_no_damage(seen: int, looks: int) -> None:
    found = list(salvage(Growing(FIRST + SECOND + THIRD, len(FIRST) + seen, looks)))
    seqs = [entry.frame.head.seq if entry.frame else None for entry in found]
    assert seqs == list(range(1, len(seqs) + 1)), "as far as can be seen, and nothing left out"
