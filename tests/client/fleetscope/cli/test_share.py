from __future__ import annotations

import json
import os

import httpx
import pytest

from tests.e2e.stack import Stack

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def session(stack: Stack) -> str:
    """One that has ended, of class S2."""
    return str(stack.json("start", "opensnoop", "--pid", str(os.getpid()), "--duration", "1s", "--detach")["session"])


def test_shares_are_made_listed_and_ended(stack: Stack, session: str) -> None:
    user = {"username": "sharif", "role": None, "password": "quite-a-long-secret-5"}
    stack.api("POST", "/api/users", user, status=201)
    stack.api("POST", "/api/teams", {"name": "sharers"}, status=201)
    said = stack.command("share", "person", session[:8], "sharif", "--for", "2h").stderr.decode()
    assert "with sharif, until 2" in said and "sharif has no grant up to class S2" in said
    stack.command("share", "team", session, "sharers")
    made = stack.command("share", "link", session[:8], "--for", "1d")
    address = made.stdout.decode().strip()
    assert address.startswith(f"{stack.url}/sessions/{session}#link=")
    listed = json.loads(stack.command("share", "list", session, "--output", "json").stdout)
    assert [(one["person"], one["team"]) for one in listed] == [(None, None), (None, "sharers"), ("sharif", None)]
    table = stack.command("share", "list", session).stdout.decode()
    assert "team sharers" in table and "a link" in table and "it is ended" in table
    for one in listed:
        stack.command("share", "end", session, str(one["id"]))
    assert stack.command("share", "list", session).stderr.decode() == "nobody outside its team can see this session\n"
    reply = httpx.post(f"{stack.url}/api/sessions/{session}/open", json={"secret": address.split("=")[1]}, timeout=30)
    assert reply.status_code == 401


@pytest.mark.parametrize("words", [("link", "--for", "90m"), ("link", "--for", "soon"), ("person",), ("end", "x")])
def test_what_is_written_wrong_is_wrong_usage(stack: Stack, session: str, words: tuple[str, ...]) -> None:
    verb, *rest = words
    assert stack.command("share", verb, session, *rest, check=False).returncode == 2


def test_a_refusal_is_one_line(stack: Stack, session: str) -> None:
    refused = stack.command("share", "end", session, "999999", check=False)
    assert refused.returncode == 1
    assert refused.stderr.decode() == "fleetscope: the session has no share 999999 any more; list them again\n"
