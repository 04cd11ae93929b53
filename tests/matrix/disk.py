"""A disk of a cell's own, raw or with a file system."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.agent.runner.disk import DO, READS, THEN, WRITES, loop_disk
from tests.matrix.cell import Ready, python

REQUESTS = len(READS) + len(WRITES)
MIB = 64
MNT_DETACH = 2  # of sys/mount.h


@contextmanager
def requests(folder: Path) -> Iterator[Ready]:
    """A workload that makes REQUESTS requests; ``{disk}`` in the command is its disk."""
    with loop_disk(folder) as (device, _):
        quiet = THEN.replace("print(time.monotonic_ns() - start)", "pass")
        with python(DO.format(disk=str(device)), f"{quiet}\nsay(requests={REQUESTS})")(folder) as ready:
            ready.words = {"disk": device.name}
            yield ready


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """An empty ext4 file system."""
    image, place = folder / "ext4", folder / "mounted"
    with image.open("wb") as file:
        file.truncate(MIB * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    place.mkdir()
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        yield place
    finally:
        # By the kernel's call: umount(8) looks for the mount in lists that a changed root does not have.
        assert ctypes.CDLL(None).umount2(bytes(place), MNT_DETACH) == 0
