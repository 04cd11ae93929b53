"""The host's own record of every decision: hash-chained JSON lines, on disk before the decision takes effect."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from agent.files import sync_folder, write_all
from proto.host_log import GENESIS, HostLogError, entries, line_of

_WINDOW = 1024 * 1024


class AuditError(RuntimeError):
    """The record cannot be written or is broken. The text says where and what to do."""


class HostAudit:
    """Opened anew for every line, so that a log that was moved, replaced or made read-only is noticed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number, self._last = 0, GENESIS
        self._read = False

    def record(self, event: str, **details: Any) -> None:
        """Durable when it returns. Raises AuditError, and then nothing may be done that the line would have told."""
        try:
            if not self._read:
                self._resume()
            self._append(event, details)
        except OSError as error:
            reason = error.strerror or str(error)
            raise AuditError(
                f"this host's audit log {self._path} cannot be written ({reason}); make it writable"
            ) from error

    def _resume(self) -> None:
        torn = _cut_torn_tail(self._path)
        self._number, self._last = _last_entry(self._path)
        self._read = True
        if torn:
            self._append("recovered", {"torn_bytes": torn})

    def _append(self, event: str, details: dict[str, Any]) -> None:
        entry = {"n": self._number + 1, "time": datetime.now(UTC).isoformat(), "event": event, **details}
        digest, line = line_of(self._last, entry)
        _append_line(self._path, line)
        self._number, self._last = self._number + 1, digest


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Every entry, checked against the chain. Raises AuditError naming the first bad line."""
    try:
        with path.open("rb") as file:
            yield from entries(file)
    except FileNotFoundError:
        return
    except HostLogError as error:
        raise AuditError(f"{path}: {error}") from error
    except OSError as error:
        raise AuditError(f"{path}: cannot be read: {error.strerror}; run this as root") from error


def _append_line(path: Path, line: bytes) -> None:
    new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        try:
            write_all(descriptor, line)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if new:
        sync_folder(path.parent)


def _cut_torn_tail(path: Path) -> int:
    """A line without its end was never fsynced, so nothing was done on it. Returns how many bytes went."""
    if not path.exists():
        return 0
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        torn = size - _line_before(file, size)
        if torn:
            file.truncate(size - torn)
            os.fsync(file.fileno())
        return torn


def _last_entry(path: Path) -> tuple[int, str]:
    """Its number and hash. Raises OSError."""
    if not path.exists() or not path.stat().st_size:
        return 0, GENESIS
    with path.open("rb") as file:
        file.seek(_line_before(file, path.stat().st_size - 1))
        line = file.read()
    try:
        entry = json.loads(line)
        return int(entry["n"]), str(entry["hash"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise OSError("its last line is no entry; keep the file elsewhere for a look at it") from None


def _line_before(file: BinaryIO, end: int) -> int:
    """Behind the last newline before ``end``, however far that is: a line holds what somebody else wrote."""
    while end > 0:
        start = max(0, end - _WINDOW)
        file.seek(start)
        place = file.read(end - start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        end = start
    return 0
