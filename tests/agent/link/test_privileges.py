from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.waiting import wait_for

ROOT = Path(__file__).parents[3]
DROP = """
import os, sys
from agent.link.account import Account
from agent.link.privileges import drop
drop(Account(61999, 61999), os.getppid())
status = open("/proc/self/status").read()
def denied(call, *arguments):
    try:
        call(*arguments)
    except PermissionError:
        return True
NAMES = ("Uid", "Gid", "Groups", "Cap", "NoNewPrivs")
print([line.split()[1:] for line in status.splitlines() if line.startswith(NAMES)])
print(all([denied(os.setuid, 0), denied(os.setgroups, [0]), denied(open, "/etc/shadow")]), flush=True)
sys.stdin.read()
"""


def test_nothing_of_root_is_left_and_there_is_no_way_back() -> None:
    process = subprocess.run([sys.executable, "-c", DROP], cwd=ROOT, capture_output=True, text=True, input="")
    assert process.returncode == 0, process.stderr
    ids = ["61999"] * 4
    none = ["0000000000000000"]
    assert eval(process.stdout.splitlines()[0]) == [ids, ids, [], *[none] * 5, ["1"]]
    assert process.stdout.splitlines()[1] == "True"


def test_it_dies_with_its_parent() -> None:
    parent = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {DROP!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert Path(f"/proc/{child}/status").exists()
        os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: not _alive(child), 5, "the end of the child")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_it_does_not_begin_without_its_parent() -> None:
    code = (
        "from agent.link.account import Account\nfrom agent.link.privileges import drop\ndrop(Account(61999, 61999), 1)"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 1
    assert "the warden is gone" in process.stderr
