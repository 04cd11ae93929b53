"""Read what is whole in a file of frames that may be torn at its end or damaged in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from proto.frame import MAGIC, PREFIX, Frame, FrameError, decode, frame_size

WINDOW = 256 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A whole frame, or (frame is None) bytes that are none although frames follow them."""

    end: int  # offset behind it
    size: int
    frame: Frame | None


def salvage(file: BinaryIO, offset: int = 0) -> Iterator[Entry]:
    """Yield what stands from offset on. Stops before a torn tail: bytes at the end which no whole frame follows."""
    while (entry := _entry_at(file, offset)) is not None:
        offset = entry.end
        yield entry


def _entry_at(file: BinaryIO, offset: int) -> Entry | None:
    frame = _frame_at(file, offset)
    if frame is None:
        following = _next_frame(file, offset + 1)
        if following is None:
            return None
        # Written between the two looks? Frames are appended in order, so now it is whole.
        frame = _frame_at(file, offset)
        if frame is None:
            return Entry(following, following - offset, None)
    return Entry(offset + len(frame.raw), len(frame.raw), frame)


def _frame_at(file: BinaryIO, offset: int) -> Frame | None:
    file.seek(offset)
    prefix = file.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    try:
        return decode(prefix + file.read(frame_size(prefix) - PREFIX.size))
    except FrameError:
        return None


def _next_frame(file: BinaryIO, offset: int) -> int | None:
    while True:
        file.seek(offset)
        window = file.read(WINDOW)
        at = window.find(MAGIC)
        while at >= 0:
            if _frame_at(file, offset + at) is not None:
                return offset + at
            at = window.find(MAGIC, at + 1)
        if len(window) < WINDOW:
            return None
        offset += len(window) - len(MAGIC) + 1
