"""A program whose name is a command line for a shell is traced, with symbols and stacks; nobody runs the command."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters, RunLimits
from proto.v1.stream_pb2 import EndCause
from tests.agent.support.commands import envelope
from tests.agent.support.host import ROOT, AgentHost
from tests.e2e.processes import descendants
from tests.waiting import wait_for
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

NAMES = ("a$(touch PWN)", "`touch PWN`", "x;touch PWN;", "' | touch PWN #")
TOOLS: dict[str, dict[str, str]] = {
    "profile": {},
    "offcputime": {},
    "stackcount": {"function": "{program}:leaf"},
    "funccount": {"function": "{program}:*"},
    "uprobe": {"function": "{program}:by_left"},
}
OWN = {sys.executable, "/bin/cat"}  # the agent's own processes, and what preflight tries its probes on
_RUN = re.compile(r'execve(?:at)?\((?:AT_FDCWD, )?"(?P<program>[^"]*)", (?P<words>.*)')


@contextmanager
def watched(warden: int, log: Path) -> Iterator[None]:
    """Every program that these processes, and what they start, run meanwhile."""
    strace = shutil.which("strace")
    assert strace, "the test needs Debian's strace"
    command = [strace, "-f", "-qq", "-s", "4096", "-e", "trace=execve,execveat", "-o", str(log)]
    command += [word for pid in (warden, *descendants(warden)) for word in ("-p", str(pid))]
    process = subprocess.Popen(command)
    try:
        status = Path(f"/proc/{warden}/status")
        wait_for(lambda: f"TracerPid:\t{process.pid}" in status.read_text(), 20, "strace on the warden")
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # it waits for ever for what ended just as it let go of it
            process.kill()
            process.wait()


def test_no_shell_gets_to_see_the_name_of_a_program(host: AgentHost, tmp_path: Path) -> None:
    plain, log = build("functions.c", tmp_path), tmp_path / "run.log"
    assert host.process
    ended = []
    with watched(host.process.pid, log):
        for tool, params in TOOLS.items():
            for name in NAMES if tool in ("profile", "stackcount") else NAMES[:1]:
                program = Path(shutil.copy(plain, tmp_path / name))
                with running(program, 1000, 1000) as target:
                    start = envelope(
                        host.identity.host_id,
                        tool,
                        filters=Filters(pid=target.pid),
                        params={key: value.format(program=program) for key, value in params.items()},
                        limits=RunLimits(duration_ms=1500),
                    )
                    run_id = host.begin(start)
                    target.go()
                    ended.append(host.server.wait_for_end(run_id, 60).head)
    assert {head.end.cause for head in ended} <= {EndCause.END_CAUSE_DURATION, EndCause.END_CAUSE_TARGET_EXITED}
    assert sum(head.ledger.stored for head in ended) > 0
    run = [match for line in log.read_text(errors="replace").splitlines() if (match := _RUN.search(line))]
    assert len(run) >= len(ended), "strace has not seen the runners start"
    assert {match["program"] for match in run} <= OWN
    assert not [match["words"] for match in run if "PWN" in match["words"]]
    for folder in (ROOT, tmp_path, host.paths.state, Path("/"), Path("/tmp")):
        assert not (folder / "PWN").exists()
