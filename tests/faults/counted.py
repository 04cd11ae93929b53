"""A session on a workload that counts its own events, and what of it is in the kernel, on both disks and in the API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.e2e.processes import bpf_objects, loaded, one, perf_attached
from tests.e2e.stack import Stack, eventually
from tests.workloads.spawn import Workload, workload

PATIENCE = 60.0  # for what a loaded machine does late
_NUMBER = count()


@dataclass
class Counted:
    """``opened``: events that the workload made, by its own count. ``objects``: what the run holds in the kernel."""

    stack: Stack
    session: str
    run: str
    mark: str
    busy: Workload
    runner: int
    objects: set[tuple[str, int]]
    opened: int = 0
    _step: threading.Thread | None = field(default=None, repr=False)

    def emit(self, events: int, per_second: float = 0) -> None:
        """Make events and return when they are made."""
        self.begin(events, per_second)
        self.wait()

    def begin(self, events: int, per_second: float) -> None:
        """Make events while the test goes on; ``wait`` for them."""
        assert self.busy.process.stdin is not None
        self.busy.process.stdin.write(f"{events} {per_second}\n".encode())
        self.busy.process.stdin.flush()
        self._step = threading.Thread(target=self._read, daemon=True)
        self._step.start()

    def wait(self, seconds: float = 120) -> None:
        assert self._step is not None
        self._step.join(seconds)
        assert not self._step.is_alive(), f"the workload did not make its events within {seconds} s"

    def _read(self) -> None:
        assert self.busy.process.stdout is not None
        self.opened = int(self.busy.process.stdout.readline())

    def finish(self) -> None:
        """End the workload; the run then ends by itself."""
        self.busy.finish()

    def wait_rows(self, rows: int, seconds: float = PATIENCE) -> None:
        """Until the server says that so many rows are stored."""
        eventually(lambda: self.stack.tried(self._rows) in range(rows, 1 << 62), seconds, f"{rows} stored rows")

    def wait_ended(self, seconds: float = PATIENCE) -> dict[str, Any]:
        return self.stack.wait_ended(self.session, seconds)

    def _rows(self) -> int:
        return int(self.stack.session(self.session)["rows"])

    @property
    def spool(self) -> Path:
        """The run's folder of frames on the host's disk."""
        return folder_of(self.stack, self.run) / "spool"

    @property
    def stored(self) -> Path:
        """The run's folder of segments on the server's disk."""
        return self.stack.data / "server/segments" / self.session / self.run


@contextmanager
def counted(stack: Stack, name: str, *options: str, duration: str = "600s") -> Iterator[Counted]:
    """A session attached to a workload that waits for its first step. The positive control of the check for residue:
    the run's programs and maps are found in the kernel while it lives.
    """
    mark = f"/nonexistent/{name}-{next(_NUMBER)}-"
    with workload("counted_opens.py", mark) as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", duration, *options)
        run = stack.session(session)["runs"][0]["id"]
        runner = runner_of(stack, run)
        objects = bpf_objects(runner)
        assert programs(objects), "the runner holds no BPF program"
        assert objects <= loaded(), "bpftool does not show what the runner holds"
        assert programs(objects) & perf_attached(), "bpftool does not show the runner's programs as attached"
        yield Counted(stack, session, run, mark, busy, runner, objects)


def programs(objects: set[tuple[str, int]]) -> set[int]:
    return {number for kind, number in objects if kind == "prog"}


def folder_of(stack: Stack, run: str) -> Path:
    """What the warden keeps of the run on the host's disk."""
    return stack.data / "agent/runs" / run.replace("-", "")


def runner_of(stack: Stack, run: str) -> int:
    """The pid of the run's runner, by the warden's own note."""
    return int(json.loads((folder_of(stack, run) / "run.json").read_bytes())["pid"])


def process(stack: Stack, module: str) -> int:
    """The pid of the stack's ``server``, ``agent.link``, ``agent.cli`` (the warden) or ``agent.runner``."""
    assert stack.process is not None
    return one(stack.process.pid, module)
