"""kill -9 injected at the n-th write of a kind: whatever the moment, every row is stored once after the restart."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import one
from tests.e2e.stack import Stack, eventually
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

COUNT = 6_007

# whose n-th call of what kills it
POINTS = [
    ("server", "fdatasync", 1),
    ("server", "fdatasync", 7),
    ("agent.link", "sendmsg", 3),
    ("agent.link", "sendmsg", 12),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("killed")
    (folder / "home").mkdir()
    running = Stack(data=folder / "var", home=folder / "home")
    running.start()
    yield running
    running.stop()


def inject(pid: int, call: str, number: int) -> subprocess.Popen[bytes]:
    """strace on every thread of the process; the number-th such call from now on kills it instead of being made."""
    strace = shutil.which("strace")
    assert strace, "the test needs Debian's strace"
    command = [strace, "-f", "-qq", "-p", str(pid), "-e", f"trace={call}", "-o", "/dev/null"]
    command += ["-e", f"inject={call}:signal=KILL:when={number}"]
    tracer = subprocess.Popen(command)
    eventually(lambda: _traced(pid), 10, f"strace on {pid}")
    return tracer


def _traced(pid: int) -> bool:
    """Also when it is gone: a write of its own was the number-th already."""
    try:
        return "TracerPid:\t0" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize(("module", "call", "number"), POINTS)
def test_killed_at_a_write_every_row_is_stored_once(stack: Stack, module: str, call: str, number: int) -> None:
    assert stack.process is not None
    mark = f"point-{module}-{number}-"
    stack.wait_online()
    with workload("open_paths.py", COUNT, 2000, f"/nonexistent/{mark}") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
        victim = one(stack.process.pid, module)
        tracer = inject(victim, call, number)
        busy.go()
        eventually(lambda: not Path(f"/proc/{victim}").exists(), 20, f"the kill at {call} {number}")
        busy.finish()
        tracer.wait(timeout=10)
    ended = stack.wait_ended(session)
    assert ended["books"] == "complete"
    lines = stack.command("export", session, "--format", "ndjson", "-o", "-").stdout.splitlines()
    ours = [line for line in lines if mark.encode() in line]
    assert len(ours) == len(set(ours)) == COUNT
