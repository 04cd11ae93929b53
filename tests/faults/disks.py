"""Small file systems of their own, which fill up."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(at: Path, mebibytes: int) -> Iterator[Path]:
    """An ext4 of that size in a file beside the folder, mounted there and taken away at the end, whatever happens."""
    image = at.with_name(f"{at.name}.ext4")
    at.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(at)], check=True)
    try:
        yield at
    finally:
        # Lazily: a process that hangs on it must not leave it mounted on this machine.
        subprocess.run(["umount", "--lazy", str(at)], check=True)
        image.unlink()


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Inside the block there is no room for anything."""
    path = disk / "filling"
    try:
        with path.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                _write_until_refused(file, b"\0" * size)
            os.fsync(file.fileno())
        yield
    finally:
        path.unlink()


def _write_until_refused(file: io.FileIO, data: bytes) -> None:
    while True:
        try:
            file.write(data)
        except OSError:
            return
