"""The host's own record of every decision: hash-chained JSON lines, on disk before the decision takes effect."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.files import sync_folder, write_all
from proto.host_log import GENESIS, HostLogError, entries, line_of

_TAIL = 1024 * 1024


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
        last = _last_entry(self._path)
        if last is not None:
            self._number, self._last = int(last["n"]), str(last["hash"])
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
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        torn = len(tail) - (tail.rfind(b"\n") + 1)
        if torn:
            file.truncate(size - torn)
            os.fsync(file.fileno())
        return torn


def _last_entry(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        lines = file.read().splitlines()
    if not lines:
        return None
    try:
        return dict(json.loads(lines[-1]))
    except ValueError:
        raise OSError("its last line is no entry; keep the file elsewhere for a look at it") from None
