import json
import re

import pytest

from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


def test_id_and_ledger_stand_on_stderr_and_only_rows_on_stdout(stack: Stack) -> None:
    with workload("open_paths.py", 7, 1000, "/nonexistent/start-") as busy:
        done = stack.command("start", "opensnoop", "--pid", str(busy.pid), "--duration", "2s", "--output", "ndjson")
    first, *_, last = done.stderr.decode().splitlines()
    assert re.fullmatch(rf"session [0-9a-f-]{{36}} opensnoop on \S+: {stack.url}/sessions/[0-9a-f-]{{36}}", first)
    assert re.match(r"ledger \S+: seen \d+ = stored \d+ \+ lost 0; complete", last)
    assert [json.loads(line) for line in done.stdout.splitlines()] == []


def test_a_detached_start_prints_its_id_alone(stack: Stack) -> None:
    with workload("open_paths.py", 1, 1, "/nonexistent/detached-") as idle:
        for form in ("json", "table"):
            args = ("--pid", str(idle.pid), "--duration", "1s", "--detach", "--output", form)
            done = stack.command("start", "opensnoop", *args)
            text = done.stdout.decode()
            session = json.loads(text)["session"] if form == "json" else text.strip()
            assert stack.wait_state(session, "ended")["id"] == session
            assert done.stderr == b""


@pytest.mark.parametrize(
    "args",
    [
        ["--param", "a=1", "--param", "a=2"],
        ["--duration", "soon"],
        ["--budget", "3"],
        ["--label", "web"],
        ["--param", "=1"],
        ["--pid", "0"],
        ["--rows", "x"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(stack: Stack, args: list[str]) -> None:
    done = stack.command("start", "opensnoop", *args, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1 and args[0] in done.stderr.decode()


def test_a_limit_that_was_asked_for_is_no_failure(stack: Stack) -> None:
    with workload("open_paths.py", 2003, 200, "/nonexistent/limited-") as busy:
        started = stack.spawn("start", "opensnoop", "--pid", str(busy.pid), "--rows", "3", "--output", "ndjson")
        assert started.stderr is not None
        session = started.stderr.readline().split()[1].decode()
        stack.wait_state(session, "attached")
        busy.go()
        out, _ = started.communicate(timeout=30)
    assert started.returncode == 0
    assert len(out.splitlines()) == 3
