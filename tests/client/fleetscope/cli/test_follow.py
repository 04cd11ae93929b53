"""Rows to stdout in each form."""

import json
import subprocess

import pytest

from tests.e2e.stack import COMMAND, Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def session(stack: Stack) -> str:
    with workload("open_paths.py", 503, 2000, "/nonexistent/follow-") as busy:
        started = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "30s")
        busy.go()
        busy.finish()
    stack.wait_state(started, "ended")
    return started


def test_all_three_forms_hold_every_row(stack: Stack, session: str) -> None:
    lines = stack.command("watch", session, "--output", "ndjson").stdout.splitlines()
    array = json.loads(stack.command("watch", session, "--output", "json").stdout)
    table = stack.command("watch", session).stdout.decode().splitlines()
    assert [json.loads(line) for line in lines] == array
    assert sum("follow-" in row["path"] for row in array) == 503
    assert len(table) == len(array) + 1
    assert table[0].split()[:2] == ["HOST", "TIME"] and table[-1].split()[-1] == array[-1]["path"]


def test_a_reader_that_goes_away_is_no_error_message(stack: Stack, session: str) -> None:
    watching = subprocess.Popen(
        [str(COMMAND), "watch", session, "--output", "ndjson"],
        env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    assert watching.stdout is not None and watching.stderr is not None
    watching.stdout.close()
    assert watching.wait(timeout=30) == 141
    assert b"Traceback" not in watching.stderr.read()


def test_a_session_without_rows_is_an_empty_array(stack: Stack) -> None:
    with workload("open_paths.py", 1, 1, "/nonexistent/none-") as busy:
        done = stack.command("start", "opensnoop", "--pid", str(busy.pid), "--duration", "1s", "--output", "json")
    assert json.loads(done.stdout) == []
