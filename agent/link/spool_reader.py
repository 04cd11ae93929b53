"""Reads whole frames of one run's spool from disk, in order, while the runner appends and the warden trims."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from proto import frame
from proto.salvage import salvage
from proto.v1.stream_pb2 import BatchHead

SUFFIX = ".frames"


class SpoolDamaged(ValueError):
    """A frame on the spool is damaged or missing. The text says where."""


@dataclass(frozen=True, slots=True)
class Piece:
    seq: int
    raw: bytes


class SpoolReader:
    """``next_seq`` is the frame that ``read`` gives next. Holds one file open."""

    def __init__(self, spool: Path, next_seq: int = 1) -> None:
        self._spool = spool
        self.next_seq = next_seq
        self._file: BinaryIO | None = None
        self._offset = 0

    def seek(self, seq: int) -> None:
        self.close()
        self.next_seq = seq

    def read(self) -> Piece | None:
        """The next frame; None while it is not whole on disk. Raises SpoolDamaged."""
        while True:
            found = self._read_here()
            if found is None and not self._open_file_of(self.next_seq):
                return None
            if found is not None and found.seq >= self.next_seq:
                return self._accept(found)

    def give_up(self) -> int:
        """Go behind the next frame, which cannot be read any more. Returns when the one that follows was closed, on the
        boot clock; 0 when none follows yet."""
        if not self._listed():
            raise FileNotFoundError(f"{self._spool} is gone")
        following = self._next_whole()
        self.next_seq += 1
        if following is None:
            self._open_file_of(self.next_seq)
        return following.boot_ns if following else 0

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None

    def _accept(self, piece: Piece) -> Piece:
        if piece.seq != self.next_seq:
            self._offset -= len(piece.raw)
            raise SpoolDamaged(f"{self._spool}: frame {self.next_seq} is missing or damaged, {piece.seq} follows")
        self.next_seq += 1
        return piece

    def _read_here(self) -> Piece | None:
        """The next whole frame from the offset on, whatever its seq."""
        if self._file is None:
            return None
        try:
            raw = _frame_at(self._file.fileno(), self._offset)
            if raw is not None:
                seq = _seq(raw)
                self._offset += len(raw)
                return Piece(seq, raw)
        except (frame.FrameError, ValueError) as error:
            if self._next_whole() is None:
                raise SpoolDamaged(f"{self._spool}: frame {self.next_seq}: {error}") from error
        return self._read_here() if self._next_whole() is not None else None

    def _next_whole(self) -> BatchHead | None:
        """Go to the first whole frame of this file that is the next one or comes behind it."""
        if self._file is None:
            return None
        for entry in salvage(self._file, self._offset):
            if entry.frame is not None and entry.frame.head.seq >= self.next_seq:
                self._offset = entry.end - entry.size
                return entry.frame.head
        return None

    def _open_file_of(self, seq: int) -> bool:
        """Switch to the file that holds this frame, if it is another one than the open file."""
        path = self._file_of(seq)
        if path is None or (self._file is not None and self._file.name == str(path) and self._linked()):
            return False
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        self.close()
        self._file, self._offset = file, 0
        return True

    def _listed(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._spool) if name.endswith(SUFFIX))  # noqa: PTH208
        except FileNotFoundError:
            return []

    def _linked(self) -> bool:
        return self._file is not None and os.fstat(self._file.fileno()).st_nlink > 0

    def _file_of(self, seq: int) -> Path | None:
        """The last file that starts at or before the frame; files are named by their first frame."""
        names = self._listed()
        fitting = [name for name in names if int(name.removesuffix(SUFFIX)) <= seq]
        if names and not fitting:
            raise SpoolDamaged(f"{self._spool}: frame {seq} is gone: it was acknowledged before and removed")
        return self._spool / fitting[-1] if fitting else None


def _frame_at(descriptor: int, offset: int) -> bytes | None:
    """As it stands there; None while it is not whole. Raises FrameError."""
    prefix = os.pread(descriptor, frame.PREFIX.size, offset)
    if len(prefix) < frame.PREFIX.size:
        return None
    return _pread(descriptor, frame.frame_size(prefix), offset)


def _pread(descriptor: int, size: int, offset: int) -> bytes | None:
    parts, got = [], 0
    while got < size:
        part = os.pread(descriptor, size - got, offset + got)
        if not part:
            return None
        parts.append(part)
        got += len(part)
    return b"".join(parts)


def _seq(raw: bytes) -> int:
    """Checks the head's checksum too: what is damaged on the host's disk is not the server's to find."""
    head: BatchHead = frame.decode(raw).head
    return int(head.seq)
