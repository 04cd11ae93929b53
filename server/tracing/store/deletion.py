"""Delete sessions so that no crash leaves bytes behind that nobody knows of.

A deletion is marked on the disk before the database forgets the session, and carried out after. What a crash left in
between is told apart by the database: it still knows the session (nothing happened yet) or it does not (finish it).
"""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from server.tracing.store.layout import sync_folder

MARKS = ".deleting"
REMAINS = ".deleted-"


class Deletions:
    """The marks and remains below the store's root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def mark(self, session: UUID) -> None:
        """Durable when it returns."""
        folder = self._root / MARKS
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self._root)
        with (folder / str(session)).open("wb") as file:
            os.fsync(file.fileno())
        sync_folder(folder)

    def unmark(self, session: UUID) -> None:
        (self._root / MARKS / str(session)).unlink(missing_ok=True)

    def marked(self) -> Iterator[tuple[UUID, datetime.datetime]]:
        """Sessions and since when."""
        for path in list((self._root / MARKS).glob("*")):
            with suppress(ValueError, FileNotFoundError):
                yield UUID(path.name), datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)

    def remove(self, session: UUID) -> None:
        """Out of everybody's sight at once, then byte by byte."""
        doomed = self._root / f"{REMAINS}{uuid4()}"
        with suppress(FileNotFoundError):
            (self._root / str(session)).rename(doomed)
            sync_folder(self._root)
            shutil.rmtree(doomed)

    def clear(self) -> None:
        """What a crash left of removals."""
        for remains in list(self._root.glob(f"{REMAINS}*")):
            shutil.rmtree(remains, ignore_errors=True)
