"""Workloads in C, compiled once a test run."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.workloads.spawn import FOLDER, Workload

_folder = tempfile.TemporaryDirectory(prefix="fleetscope-workloads-")


@cache
def compiled(source: str, *flags: str) -> Path:
    """Path of the program made from a source file of this folder."""
    program = Path(_folder.name) / Path(source).stem
    subprocess.run(["gcc", "-O1", "-g", "-o", program, FOLDER / source, *flags], check=True)
    return program


@contextmanager
def compiled_workload(source: str, *args: int | str) -> Iterator[Workload]:
    """A C workload that has printed its pid and waits for `go`."""
    running = Workload([str(compiled(source)), *map(str, args)])
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
