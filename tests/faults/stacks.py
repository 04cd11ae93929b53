"""Stacks that tests may break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.stack import Stack


@contextmanager
def own_stack(folder: Path) -> Iterator[Stack]:
    """Started in the folder, stopped at the end whatever happened to it meanwhile."""
    (folder / "home").mkdir(exist_ok=True)
    running = Stack(data=folder / "var", home=folder / "home")
    running.start()
    try:
        yield running
    finally:
        running.stop()
