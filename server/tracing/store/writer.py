"""Append frames to the open segment of one run, durably and once."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from proto.frame import Frame, decode
from proto.salvage import salvage
from server.tracing.store.layout import Listing, RunFolder, Segment, sync_folder
from server.tracing.store.model import HoleError
from server.tracing.store.sealed import SealedIndex

SEGMENT_BYTES = 64 * 1024 * 1024
SEGMENT_SECONDS = 60.0
DECODED_BYTES = 512 * 1024 * 1024  # a query holds the rows of the open segment in memory


class RunWriter:
    """The open segment of a run. Other processes may hold one for the same run: each append looks whether one wrote."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.last_seq = 0
        self.ended = False
        self._listing = Listing(folder)
        self._first_seq = 1
        self._size = 0
        self._decoded = 0
        self._opened = time.monotonic()
        self._file: BinaryIO | None = None
        folder.create()

    def append(self, frames: Sequence[bytes | Frame]) -> None:
        """Raises HoleError after storing what joins on; OSError when the disk refuses, then nothing was stored."""
        with self.folder.locked():
            self._catch_up()
            fresh, hole = self._fresh([frame if isinstance(frame, Frame) else decode(frame) for frame in frames])
            if fresh:
                self._write(fresh)
        if hole is not None:
            raise HoleError(self.last_seq + 1, hole)

    def rotate_if_due(self) -> None:
        """Begin a new segment when the open one is full or old, so that the one before is closed for good."""
        with self.folder.locked():
            self._catch_up()
            if self._due and not self.ended:
                self._begin(self.last_seq + 1)

    @property
    def pending(self) -> bool:
        """The open segment holds frames."""
        return self._size > 0

    @property
    def _due(self) -> bool:
        age = time.monotonic() - self._opened
        full = self._size >= SEGMENT_BYTES or self._decoded >= DECODED_BYTES
        return self._size > 0 and (full or age >= SEGMENT_SECONDS)

    def retire(self) -> None:
        """Let go of the file, not while an append is writing to it; a later append takes it up again."""
        try:
            with self.folder.locked():
                self.close()
        except FileNotFoundError:  # the session was deleted
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _fresh(self, frames: list[Frame]) -> tuple[list[Frame], int | None]:
        fresh: list[Frame] = []
        last = self.last_seq
        for frame in frames:
            if frame.head.seq > last + 1:
                return fresh, frame.head.seq
            if frame.head.seq == last + 1:
                fresh.append(frame)
                last += 1
        return fresh, None

    def _write(self, frames: list[Frame]) -> None:
        if self._due or self._file is None:
            self._begin(self.last_seq + 1)
        assert self._file is not None
        data = b"".join(frame.raw for frame in frames)
        try:
            _write_all(self._file, data)
            os.fdatasync(self._file.fileno())
        except OSError:
            self._take_back(self._file)
            raise
        self._size += len(data)
        self._decoded += sum(frame.head.body_size for frame in frames)
        self.last_seq = frames[-1].head.seq
        self.ended = self.ended or any(frame.head.HasField("end") for frame in frames)

    def _take_back(self, file: BinaryIO) -> None:
        try:
            file.truncate(self._size)
        finally:
            self.close()  # the next append looks at what is on the disk

    def _begin(self, first_seq: int) -> None:
        self.close()
        self._file = _open(self.folder.segment(first_seq))
        sync_folder(self.folder.path)
        self._first_seq, self._size, self._decoded, self._opened = first_seq, 0, 0, time.monotonic()

    def _catch_up(self) -> None:
        """Take over what another process, or this one before a crash, has written."""
        newest = self._listing.segments()[-1:]
        if not newest:
            self.close()
            return
        segment = newest[0]
        if not self._is_current(segment):
            self._adopt(segment)

    def _is_current(self, segment: Segment) -> bool:
        if self._file is None or segment.sealed or segment.first_seq != self._first_seq:
            return False
        return os.fstat(self._file.fileno()).st_size == self._size

    def _adopt(self, segment: Segment) -> None:
        self.close()
        self._first_seq = segment.first_seq
        if segment.sealed:
            heads = SealedIndex.load(segment.path).heads
            self._size, self._decoded = 0, 0
            self.last_seq, self.ended = heads[-1].seq, heads[-1].HasField("end")
            return
        self.last_seq, self.ended, self._size, self._decoded = _recover(segment)
        self._file = _open(segment.path)
        self._opened = time.monotonic() - max(0.0, time.time() - segment.path.stat().st_mtime)


def _open(path: Path) -> BinaryIO:
    return open(path, "ab", buffering=0)  # noqa: PTH123  (unbuffered: a write reaches the kernel or fails)


def _write_all(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _recover(segment: Segment) -> tuple[int, bool, int, int]:
    """Cut off a torn tail; what it held was never acknowledged."""
    last_seq, ended, size, decoded = segment.first_seq - 1, False, 0, 0
    with segment.path.open("r+b") as file:
        for entry in salvage(file):
            size = entry.end
            if entry.frame is not None:
                last_seq = entry.frame.head.seq
                decoded += entry.frame.head.body_size
                ended = ended or entry.frame.head.HasField("end")
        if os.fstat(file.fileno()).st_size > size:
            file.truncate(size)
            os.fdatasync(file.fileno())
    return last_seq, ended, size, decoded
