"""Appends frames to the run's spool. A frame is written when ``append`` returns, and on the disk when ``durable`` says
so; the folder belongs to the warden, which removes files whose frames the server has acknowledged.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from agent.files import sync_folder, write_all
from agent.runner.syncer import Syncer

FILE_BYTES = 16 * 1024 * 1024
MODE = 0o640


class SpoolFull(OSError):
    """There is no room for the frame: neither in the run's share nor, perhaps, on the disk. Nothing was written."""


class Spool:
    def __init__(self, folder: Path, share: int, gid: int) -> None:
        """``share`` is how many bytes of unacknowledged frames this run may keep, 0: any number."""
        self._folder = folder
        self._share = share
        self._gid = gid
        self._file = -1
        self._written = 0
        self._since_check = share
        self._seq = 0
        self.syncer = Syncer()

    @property
    def durable(self) -> int:
        """Frames up to this seq are on the disk."""
        return self.syncer.durable

    def append(self, seq: int, frame: bytes, *, always: bool = False) -> None:
        """``always`` ignores the run's share, for the frame that ends a run. Raises SpoolFull."""
        if not (always or self._has_room(len(frame))):
            raise SpoolFull(
                f"the {self._share >> 20} MiB of spool for this run are full: the server does not take its rows"
            )
        try:
            self._roll(seq)
            write_all(self._file, frame)
            self.syncer.want(self._file, seq)
        except OSError as error:
            self._undo()
            raise _full(error, self._folder) from error
        self._seq = seq
        self._written += len(frame)
        self._since_check += len(frame)

    def settle(self) -> None:
        """Everything is on the disk when this returns. Raises SpoolFull."""
        try:
            self.syncer.settle()
        except OSError as error:
            raise _full(error, self._folder) from error

    def close(self) -> None:
        """Raises SpoolFull."""
        self._finish_file()
        self.settle()

    def _finish_file(self) -> None:
        if self._file >= 0:
            self.syncer.want(self._file, self._seq, last=True)
            self._file = -1

    def _has_room(self, size: int) -> bool:
        if not self._share:
            return True
        if self._since_check + size > self._share:
            self._since_check = sum(path.stat().st_size for path in self._folder.glob("*.frames"))
        return self._since_check + size <= self._share

    def _roll(self, seq: int) -> None:
        if self._file >= 0 and self._written < FILE_BYTES:
            return
        self._finish_file()
        path = self._folder / f"{seq:012d}.frames"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
        self._written = os.fstat(self._file).st_size
        os.fchown(self._file, -1, self._gid)
        os.fchmod(self._file, MODE)
        sync_folder(self._folder)

    def _undo(self) -> None:
        """A frame that is not whole must not stay: the next one would follow it."""
        if self._file >= 0:
            os.ftruncate(self._file, self._written)


def _full(error: OSError, folder: Path) -> SpoolFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SpoolFull(f"this host's disk is full: free space in {folder}")
    return SpoolFull(f"this host cannot write to {folder}: {error.strerror}; check its disk")
