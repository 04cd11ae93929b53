import json
import signal
import subprocess

import pytest

from tests.e2e.stack import COMMAND, Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


def watcher(stack: Stack, session: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(COMMAND), "watch", session, "--output", "ndjson"],
        env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip


def test_leaving_does_not_stop_the_session(stack: Stack) -> None:
    with workload("open_paths.py", 2003, 200, "/nonexistent/watched-") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
        watching = watcher(stack, session)
        busy.go()
        assert watching.stdout is not None
        first = json.loads(watching.stdout.readline())
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=10)
        assert watching.returncode == 130
        assert first["path"]
        assert stack.session(session)["state"] == "running"
        stack.command("stop", session)


def test_a_session_that_went_wrong_is_told_to_whoever_watches(stack: Stack) -> None:
    started = stack.command("start", "opensnoop", "--pid", "4194000", check=False)
    session = started.stderr.decode().split()[1]
    done = stack.command("watch", session, check=False)
    assert done.returncode == 1
    assert "4194000" in done.stderr.decode().splitlines()[-1]
