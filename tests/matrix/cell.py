"""What a tool's folder says for its row of the matrix: a workload that counts, and how each side's answer is read.

The same words come out of the workload and of both readers; a side is right when its words are the workload's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proto.v1.agent_pb2 import Filters
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload, workload

Facts = dict[str, Any]
Row = dict[str, Any]
SECONDS = 240


@dataclass(slots=True)
class Ready:
    """A workload that waits for ``go``. ``words`` fill the gaps of the stock tool's command."""

    target: Workload
    words: Mapping[str, object] = field(default_factory=dict)
    read: Callable[[str], Facts] = json.loads
    before: Callable[[], None] = lambda: None

    @property
    def pid(self) -> int:
        return self.target.pid

    def facts(self) -> Facts:
        """Let it go; what it says it did. It stays alive, so that its names can still be looked up."""
        self.before()
        self.target.go()
        assert self.target.process.stdout
        return self.read(self.target.process.stdout.readline().decode())


Start = Callable[[Path], AbstractContextManager[Ready]]


def by_pid(pid: int) -> Filters:
    return Filters(pid=pid)


@dataclass(frozen=True, slots=True)
class Cell:
    """``does`` completes "The workload ...". ``stock``: the stock tool's command without -bpfcc.

    ``confined``: the command looks at nothing but the workload; one that does not runs only in a guest.
    ``together``: both are attached at the same time; else the workload runs twice, once for each.
    ``differs`` says why the stock tool's words are not the workload's, where that is known.
    """

    tool: str
    does: str
    start: Start
    ours: Callable[[list[Row]], Facts]
    stock: str
    theirs: Callable[[str], Facts]
    params: Callable[[Ready], Mapping[str, str]] = lambda _: {}
    filters: Callable[[int], Filters] = by_pid
    confined: bool = True
    together: bool = True
    tolerance: float = 0.0
    differs: str = ""


def python(before: str, then: str) -> Start:
    """``before`` is not traced; ``then`` calls ``say(facts)`` once it is done."""

    @contextmanager
    def start(_: Path) -> Iterator[Ready]:
        before_all = f"import json, sys\ndef say(**facts): print(json.dumps(facts), flush=True)\n{before}"
        with workload("statements.py", before_all, f"{then}\nsys.stdin.readline()") as target:
            yield Ready(target)

    return start


def compiled(source: str, *args: object, read: Callable[[str], Facts]) -> Start:
    """A program of tests/workloads; ``{program}`` in the command is its path."""

    @contextmanager
    def start(folder: Path) -> Iterator[Ready]:
        program = build(source, folder)
        with running(program, *args) as target:
            yield Ready(target, {"program": program}, read)

    return start


def table(text: str, *names: str) -> list[dict[str, str]]:
    """Lines as wide as the header that begins with these names, by column; the last column takes what is left."""
    lines = iter(text.splitlines())
    header = next((line.split() for line in lines if line.split()[: len(names)] == list(names)), [])
    split = (line.split(None, len(header) - 1) for line in lines)
    return [dict(zip(header, words, strict=True)) for words in split if len(words) == len(header) > 0]


def same(said: Facts, found: Facts, tolerance: float) -> bool:
    """Equal, numbers within ``tolerance`` of the workload's."""
    return said.keys() == found.keys() and all(_close(said[name], found[name], tolerance) for name in said)


def _close(said: Any, found: Any, tolerance: float) -> bool:
    if tolerance and isinstance(said, int | float) and isinstance(found, int | float):
        return abs(said - found) <= tolerance * abs(said)
    return bool(said == found)
