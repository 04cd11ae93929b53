import re
import signal
import subprocess

import pytest

from tests.e2e.stack import COMMAND, Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_start_stops_its_session_and_prints_all_of_it(
    stack: Stack, number: signal.Signals, code: int
) -> None:
    with workload("open_paths.py", 2003, 200, "/nonexistent/interrupted-") as busy:
        started = subprocess.Popen(
            [str(COMMAND), "start", "opensnoop", "--pid", str(busy.pid), "--duration", "60s", "--output", "ndjson"],
            env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
        )  # fmt: skip
        assert started.stdout is not None and started.stderr is not None
        session = started.stderr.readline().split()[1].decode()
        stack.wait_state(session, "attached")
        busy.go()
        first = started.stdout.readline()
        started.send_signal(number)
        rest, err = started.communicate(timeout=20)
    assert started.returncode == code
    ended = stack.wait_state(session, "ended")
    assert ended["runs"][0]["end"]["cause"] == "stopped"
    assert len((first + rest).splitlines()) == ended["rows"]
    assert re.search(rb"stopping session", err) and b"ledger " in err


def test_a_reader_that_goes_away_stops_the_session(stack: Stack) -> None:
    with workload("open_paths.py", 2003, 200, "/nonexistent/gone-") as busy:
        started = subprocess.Popen(
            [str(COMMAND), "start", "opensnoop", "--pid", str(busy.pid), "--duration", "60s", "--output", "ndjson"],
            env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
        )  # fmt: skip
        assert started.stdout is not None and started.stderr is not None
        session = started.stderr.readline().split()[1].decode()
        stack.wait_state(session, "attached")
        busy.go()
        started.stdout.readline()
        started.stdout.close()
        assert started.wait(timeout=20) == 141
    assert stack.wait_state(session, "ended")["runs"][0]["end"]["cause"] in ("stopped", "target_exited")
