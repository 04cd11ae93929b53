"""Any function and any USDT probe, from the command line to stored rows; what reads values needs the host's consent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import Stack, numbers_allowed, plaintext_allowed
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

COUNT = 101
WHOLE, CUT, NULL = 0, 1, 3


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("arguments.c", tmp_path_factory.mktemp("workload"))


def start(program: Path, pid: int, **params: str) -> list[str]:
    given = {"function": f"{program}:text", **params}
    return ["uprobe", "--pid", str(pid), *(word for item in given.items() for word in ("--param", "=".join(item)))]


def rows_of(stack: Stack, program: Path, **params: str) -> list[dict[str, Any]]:
    with running(program, COUNT) as work:
        session = stack.detach(*start(program, work.pid, **params), "--duration", "60s")
        work.go()
        assert work.process.stdout and work.process.stdout.readline() == b"done\n"
        stack.command("stop", session)
    ended = stack.wait_state(session, "ended")
    assert ended["books"] == "complete", ended["books_message"]
    lines = stack.command("export", session, "--format", "ndjson", "-o", "-").stdout.splitlines()
    return [json.loads(line) for line in lines]


def refusal(stack: Stack, program: Path, **params: str) -> str:
    with running(program, COUNT) as work:
        done = stack.command("start", *start(program, work.pid, **params), check=False)
    assert done.returncode != 0
    return done.stderr.decode().strip().splitlines()[-1]


def test_calls_and_their_times_need_no_consent(stack: Stack, program: Path) -> None:
    rows = rows_of(stack, program, latency="true")
    assert rows and all(row["latency"] > 0 and "ret" not in row for row in rows)


def test_numbers_need_no_consent_where_the_hosts_owner_has_listed_the_call(stack: Stack, program: Path) -> None:
    with numbers_allowed(stack, f"{program.parent}/*:te*"):
        rows = rows_of(stack, program, args="n:s64,name:hex", ret="result:s64", latency="true")
        assert "does not allow risk class S3" in refusal(stack, program, function=f"{program}:edges", args="a:s8")
    assert all(row["result"] == row["n"] + 1 and row["latency"] > 0 for row in rows)
    assert sum(row["n"] == 100 for row in rows) == 2
    assert {row["function"] for row in rows} == {"text"}


def test_what_is_not_listed_and_strings_need_the_hosts_consent(stack: Stack, program: Path) -> None:
    for args, why in [("n:s64", "the numbers of n, which its owner"), ("n:s64,name:str", "what name points to")]:
        said = refusal(stack, program, args=args)
        assert "does not allow risk class S3" in said and why in said
    with plaintext_allowed(stack):
        rows = rows_of(stack, program, args="n:s64,name:str")
    names = {row["n"]: (row["name"], row["name_read"]) for row in rows}
    assert names[-3] == ("\\xff\\xfe café", WHOLE)
    assert names[-1] == ("", NULL)
    assert (len(names[4096][0]), names[4096][1]) == (4095, CUT)
