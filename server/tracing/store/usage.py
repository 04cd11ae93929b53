"""How many bytes sessions take on the disk, rollups and all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import time_ns
from uuid import UUID

from server.tracing.store.layout import SEGMENT, SETTLED_NS

_Known = tuple[int, int, list[Path]]  # folder's time stamp, bytes of what grows no more, what still grows


class Usage:
    """Looks again only at folders that have changed, and at segments that grow; thread-safe."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._known: dict[Path, _Known] = {}

    def of(self, session: UUID) -> int:
        with suppress(FileNotFoundError):
            return sum(self._run(folder) for folder in (self._root / str(session)).iterdir())
        return 0

    def sessions(self) -> dict[UUID, int]:
        """Of every session that has a folder, whether the database knows it or not."""
        found: dict[UUID, int] = {}
        with suppress(FileNotFoundError):
            for path in self._root.iterdir():
                with suppress(ValueError):
                    session = UUID(path.name)
                    found[session] = self.of(session)
        self._forget(found)
        return found

    def _run(self, folder: Path) -> int:
        try:
            changed = folder.stat().st_mtime_ns
            with self._lock:
                known = self._known.get(folder)
            if known is None or known[0] != changed:
                known = _look(folder, changed)
                if time_ns() - changed > SETTLED_NS:  # within a tick there may be another change with the same stamp
                    with self._lock:
                        self._known[folder] = known
        except (FileNotFoundError, NotADirectoryError):
            return 0  # deleted meanwhile
        return known[1] + sum(_size(path) for path in known[2])

    def _forget(self, sessions: dict[UUID, int]) -> None:
        names = {str(session) for session in sessions}
        with self._lock:
            self._known = {folder: known for folder, known in self._known.items() if folder.parent.name in names}


def _look(folder: Path, changed: int) -> _Known:
    paths = list(folder.iterdir())
    growing = [path for path in paths if path.suffix == SEGMENT]
    return changed, sum(_size(path) for path in paths if path.suffix != SEGMENT), growing


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
