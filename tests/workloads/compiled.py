"""Workloads in C, for what an interpreter cannot do: known function names, exact counts, true call stacks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.workloads.spawn import FOLDER, Workload

FLAGS = ["-O1", "-g0", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-pthread"]


def build(source: str, folder: Path, *flags: str) -> Path:
    """Compile one file of this folder, C or C++, into `folder`."""
    target = folder / Path(source).stem
    compiler = "g++" if source.endswith(".cpp") else "gcc"
    subprocess.run([compiler, *FLAGS, "-o", str(target), str(FOLDER / source), *flags], check=True)
    return target


@contextmanager
def running(program: Path, *args: object) -> Iterator[Workload]:
    """A compiled workload that has printed its pid and waits for `go`."""
    started = Workload([str(program), *map(str, args)])
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
            started.process.wait()
