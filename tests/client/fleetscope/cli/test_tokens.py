from __future__ import annotations

import json

import pytest

from tests.client.fleetscope.cli.test_accounts import run
from tests.e2e.stack import Stack

pytestmark = pytest.mark.kernel

SECRET = "quite-a-long-secret-5"


def test_tokens_are_listed_and_ended(stack: Stack, tmp_path: object) -> None:
    home, admin = str(tmp_path), str(stack.home)
    stack.api("POST", "/api/users", {"username": "tokio", "password": SECRET}, status=201)
    login = ("login", stack.url, "--user", "tokio", "--days", "3", "--password-stdin")
    assert run(stack, *login, text=SECRET, home=home).returncode == 0
    (found,) = json.loads(run(stack, "tokens", "--output", "json", text="", home=home).stdout)
    assert found["last_used_at"] is not None
    assert found["name"] in run(stack, "tokens", "--user", "tokio", text="", home=admin).stdout
    assert (found["scope"], found["risk"]) == ("all", "s3")
    assert run(stack, *login, "--scope", "read", "--risk", "s1", text=SECRET, home=home).returncode == 0
    (found,) = json.loads(run(stack, "tokens", "--output", "json", text="", home=home).stdout)
    assert "read up to S1" in run(stack, "tokens", text="", home=home).stdout
    refused = run(stack, "tokens", "end", str(found["id"]), text="", home=home)
    assert refused.returncode == 1 and "scope read of the API token" in refused.stderr
    assert run(stack, *login, text=SECRET, home=home).returncode == 0
    (found,) = json.loads(run(stack, "tokens", "--output", "json", text="", home=home).stdout)
    ended = run(stack, "tokens", "end", str(found["id"]), text="", home=home)
    assert (ended.returncode, ended.stderr) == (0, f"ended token {found['id']}\n")
    gone = run(stack, "tokens", text="", home=home)
    assert gone.returncode == 1 and "does not take this login any more" in gone.stderr
