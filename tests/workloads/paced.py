"""Workloads that do one thing so many times at a rate, as often as they are asked to: paced_*.c and paced_steps.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.workloads.compiled import build
from tests.workloads.spawn import FOLDER, Workload


@dataclass(frozen=True, slots=True)
class Passed:
    """How often the thing was done, the CPU time of the workload and its children, and how long it took."""

    done: int
    cpu_ns: int
    wall_ns: int


class Paced(Workload):
    def __init__(self, command: list[str | bytes], words: Mapping[str, str]) -> None:
        super().__init__(command)
        self.words = words

    def repeat(self, count: int, per_second: int, limit_ms: int) -> Passed:
        """``per_second`` 0: as fast as it can. Returns when all is done, or soon after the limit."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(b"%d %d %d\n" % (count, per_second, limit_ms))
        self.process.stdin.flush()
        return Passed(*map(int, self.process.stdout.readline().split()))


@contextmanager
def serving(command: list[str | bytes], **words: str) -> Iterator[Paced]:
    """``words`` say what a tool has to be told of it, like the path of its program."""
    started = Paced(command, words)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


@contextmanager
def paced(folder: Path, source: str, *args: object, flags: tuple[str, ...] = (), **words: str) -> Iterator[Paced]:
    """A program of this folder, compiled."""
    program = build(source, folder, *flags)
    with serving([str(program), *map(str, args)], program=str(program), **words) as started:
        yield started


@contextmanager
def paced_steps(before: str, **words: str) -> Iterator[Paced]:
    """A piece of Python: see paced_steps.py."""
    with serving([sys.executable, "-S", str(FOLDER / "paced_steps.py"), before], **words) as started:
        yield started
