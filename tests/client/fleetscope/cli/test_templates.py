from __future__ import annotations

import json
import os
import shlex

import httpx
import pytest

from tests.e2e.stack import Stack

pytestmark = pytest.mark.kernel


def test_a_template_is_kept_called_and_removed(stack: Stack) -> None:
    order = ("syscount", "--pid", str(os.getpid()), "--duration", "1s", "--keep", "calls of tests")
    kept = stack.json("start", *order, "--schedule", "0 6 1 1 *")["template"]
    table = stack.command("templates", "list").stdout.decode()
    assert "calls of tests" in table and "0 6 1 1 *" in table
    words = shlex.split(stack.command("templates", "token", "calls of tests").stdout.decode())
    header = next(word for word in words if word.startswith("Authorization"))
    sent = dict([header.split(": ", 1)])
    started = httpx.post(words[-1], json={"alertname": "latency"}, headers=sent, timeout=30)
    assert started.status_code == 201, started.text
    session = stack.wait_ended(started.json()["session"], 60)
    assert (session["begun_by"], session["template"]) == ("webhook", "calls of tests")
    (listed,) = json.loads(stack.command("templates", "list", "--output", "json").stdout)
    assert (listed["id"], listed["last_outcome"], listed["last_session"]) == (kept, "started", session["id"])
    stack.command("templates", "end-token", "calls of tests")
    assert httpx.post(words[-1], json={}, headers=sent, timeout=30).status_code == 401
    stack.command("templates", "remove", kept)
    assert "you keep no templates" in stack.command("templates", "list").stderr.decode()


def test_what_is_written_wrong_is_said_in_one_line(stack: Stack) -> None:
    alone = stack.command("start", "syscount", "--schedule", "0 6 * * *", check=False)
    assert (alone.returncode, b"give it a name with --keep" in alone.stderr) == (2, True)
    risky = stack.command("start", "opensnoop", "--pid", str(os.getpid()), "--keep", "x", check=False)
    assert (risky.returncode, b"class S0 and S1 only" in risky.stderr) == (1, True)
    missing = stack.command("templates", "remove", "nothing", check=False)
    assert (missing.returncode, b"you keep no template 'nothing'" in missing.stderr) == (1, True)
