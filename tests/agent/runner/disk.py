"""A disk of a test's own, and a workload that makes counted requests to it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 16 * 1024 * 1024
READS = [(index * 12288, 4096) for index in range(7)]
WRITES = [(1024 * 1024 + index * 16384, 8192) for index in range(5)]

DO = "import mmap, os, time\nmemory = memoryview(mmap.mmap(-1, 65536))\nfd = os.open({disk!r}, os.O_RDWR | os.O_DIRECT)"
# Prints how many nanoseconds each call took by its own clock.
THEN = f"""
def timed(call, at, size):
    start = time.monotonic_ns()
    assert call(fd, [memory[:size]], at) == size
    print(time.monotonic_ns() - start)
for at, size in {READS}: timed(os.preadv, at, size)
for at, size in {WRITES}: timed(os.pwritev, at, size)
"""


@contextmanager
def loop_disk(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Device and the file behind it."""
    image = folder / "disk"
    with image.open("wb") as file:
        file.truncate(SIZE)
    found = subprocess.run(["losetup", "--show", "-f", str(image)], check=True, capture_output=True, text=True)
    device = Path(found.stdout.strip())
    try:
        yield device, image
    finally:
        subprocess.run(["losetup", "-d", str(device)], check=True)
