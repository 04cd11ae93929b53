"""What a run has in the kernel and on the disk while it lives, and the check that nothing of it is left afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.warden.sweep import TRACEFS, leftovers
from tests.agent.runner.harness import Run
from tests.e2e.processes import bpf_objects, descendants, loaded, perf_attached
from tests.waiting import wait_for

SECONDS = 60  # the kernel frees programs and maps in its own time


@dataclass(frozen=True, slots=True)
class Held:
    """Of one runner. ``objects``: ("prog" | "map", id); ``processes``: itself and its children."""

    pid: int
    objects: frozenset[tuple[str, int]]
    processes: frozenset[int]
    folder: Path

    @property
    def programs(self) -> set[int]:
        return {number for kind, number in self.objects if kind == "prog"}

    def living(self) -> list[int]:
        return [pid for pid in self.processes if Path(f"/proc/{pid}").exists()]


def held(run: Run) -> Held:
    """Of an attached run; the positive control of the check: the kernel lists all of it now."""
    assert run.process
    objects = frozenset(bpf_objects(run.process.pid))
    found = Held(run.process.pid, objects, frozenset({run.process.pid} | descendants(run.process.pid)), run.folder)
    assert found.programs, "the runner holds no BPF program"
    assert objects <= loaded(), "bpftool does not show what the runner holds"
    return found


def check_nothing_is_left(was: Held, temporary: Path) -> None:
    """``temporary``: the folder for temporary files that the runner was given."""
    wait_for(lambda: not was.living(), SECONDS, "the runner and its children gone")
    wait_for(lambda: not was.objects & loaded(), SECONDS, "BPF programs and maps gone, pinned ones too")
    assert not was.programs & perf_attached()
    for name in ("kprobe_events", "uprobe_events"):
        file = TRACEFS / name
        assert not (file.exists() and leftovers(file.read_text(), was.pid)), f"events in {file}"
    assert not list(temporary.iterdir())
    assert {path.suffix for path in was.folder.iterdir()} <= {".frames"}, list(was.folder.iterdir())
