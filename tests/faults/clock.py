"""A wall clock that the test sets, for the processes of one stack and nobody else."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOUR = 3600 * 10**9
SOURCE = Path(__file__).with_name("stepped_clock.c")
PARTS = ("agent", "server")


class Clock:
    """``env`` gives it to processes; they see a step at once, wherever they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        library = folder / "stepped_clock.so"
        command = ["gcc", "-O2", "-Wall", "-Werror", "-fPIC", "-shared", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True)
        for part in PARTS:
            (folder / part).write_bytes(bytes(8))
        self.env = {"LD_PRELOAD": str(library), "FAKE_CLOCK": str(folder)}

    @contextmanager
    def stepped(self, nanoseconds: int, parts: tuple[str, ...] = PARTS) -> Iterator[None]:
        """Ahead of the machine's own by so much, inside the block."""
        self._set(nanoseconds, parts)
        try:
            yield
        finally:
            self._set(0, parts)

    def _set(self, nanoseconds: int, parts: tuple[str, ...]) -> None:
        for part in parts:
            # In place: the processes have the file in their memory. Eight aligned bytes are written at once.
            with (self._folder / part).open("r+b", buffering=0) as file:
                file.write(struct.pack("=q", nanoseconds))
