"""In a process of its own: what is given up is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.waiting import wait_for

ROOT = Path(__file__).parents[3]
CONFINED = """
import os, resource, socket, sys
from pathlib import Path
from agent.names.confine import confine, limit_answer
confine(61998, 61998, os.getppid())
limit_answer()
def tried(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return error.strerror
    return "done"
status = Path("/proc/self/status").read_text()
print([line.split()[1] for line in status.splitlines() if line.startswith(("Uid", "Gid", "CapEff", "CapBnd", "NoNew"))])
print(tried(os.kill, 1, 0))
print(tried(os.open, "/etc/hostname", os.O_WRONLY))
print(tried(os.setuid, 0))
print(tried(os.fork))
print(tried(os.posix_spawn, "/bin/true", ["/bin/true"], {}))
print(tried(os.open, "/etc/shadow", os.O_RDONLY), tried(os.readlink, f"/proc/{os.getppid()}/exe"))
print(resource.getrlimit(resource.RLIMIT_FSIZE), resource.getrlimit(resource.RLIMIT_CPU), os.nice(0) > 0)
"""
SPIN = "import os\nfrom agent.names.confine import limit_answer\nlimit_answer()\nwhile True: pass"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_it_reads_as_root_does_and_changes_nothing() -> None:
    done = run(CONFINED)
    assert done.returncode == 0, done.stderr
    rights, *tries = done.stdout.splitlines()
    kept = f"{1 << 2 | 1 << 19 | 1 << 40:016x}"
    assert eval(rights) == ["61998", "61998", kept, kept, "1"]
    assert tries[:3] == ["Operation not permitted", "Permission denied", "Operation not permitted"]
    assert tries[3:5] == ["Resource temporarily unavailable"] * 2
    assert tries[5] == "done done"
    assert tries[6] == "(0, 0) (2, 2) True"


def test_an_answer_has_two_seconds_of_cpu() -> None:
    done = run(SPIN)
    assert done.returncode in (-signal.SIGKILL, -signal.SIGXCPU)


def test_it_does_not_outlive_the_warden() -> None:
    child = (
        "import os, time\nfrom agent.names.confine import confine\n"
        "confine(61998, 61998, os.getppid())\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    )
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{pid}").exists() or "Z" in _state(pid), 10, "the end of the child")


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_it_does_not_begin_without_its_parent() -> None:
    done = run("from agent.names.confine import confine\nconfine(61998, 61998, 1)")
    assert done.returncode == 1
    assert "the warden is gone" in done.stderr
