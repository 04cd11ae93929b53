"""What the manual says to back up: the database and the segments, no key."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from tests.e2e.stack import Stack

_DATABASE = "server/fleetscope.sqlite3"


def back_up(stack: Stack, folder: Path) -> None:
    """While the server runs."""
    folder.mkdir()
    with sqlite3.connect(stack.data / _DATABASE) as source, sqlite3.connect(folder / "db.sqlite3") as copy:
        source.backup(copy)
    shutil.copytree(stack.data / "server/segments", folder / "segments", ignore=shutil.ignore_patterns(".*"))


def restore(stack: Stack, folder: Path) -> None:
    """In place of what is there; the server is stopped for it and answers when this returns."""
    stack.stop()
    database = stack.data / _DATABASE
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    shutil.copyfile(folder / "db.sqlite3", database)
    shutil.rmtree(stack.data / "server/segments")
    shutil.copytree(folder / "segments", stack.data / "server/segments")
    stack.start()
    stack.wait_online()
