"""Against a running server. That hosts check what is signed: tests/e2e/test_consent.py."""

import json
import os
from pathlib import Path

import httpx
import pytest

from tests.e2e.consenting import PASSWORD, make_key, pair
from tests.e2e.stack import Stack

pytestmark = pytest.mark.kernel

OWN = str(os.getpid())
ORDER = ("opensnoop", "--pid", OWN, "--reason", "slow disk", "--request")


def test_a_request_is_shown_agreed_to_and_taken_back(stack: Stack, tmp_path: Path) -> None:
    keys = pair(stack, tmp_path)
    assert b"say why" in stack.command("start", "opensnoop", "--request", check=False).stderr
    request = stack.command("start", *ORDER).stdout.decode().strip()
    shown = stack.command("requests", "show", request[:8])
    assert b'"reason": "slow disk"' in shown.stdout
    assert b"is waiting" in shown.stderr
    own = stack.command("requests", "approve", request, "--yes", check=False)
    assert b"needs the role approver" in own.stderr
    approved = stack.command("requests", "approve", request, "--yes", env=keys.as_bob)
    assert b"is approved" in approved.stderr and b'"tool": "opensnoop"' in approved.stderr
    listed = stack.command("requests", "--state", "approved").stdout.decode()
    assert request[:8] in listed and "1 of 1" in listed
    assert b"is void: withdrawn by admin" in stack.command("requests", "withdraw", request).stderr
    assert b"is void" in stack.command("requests", "start", request, check=False).stderr


def test_who_does_not_say_yes_agrees_to_nothing(stack: Stack, tmp_path: Path) -> None:
    keys = pair(stack, tmp_path)
    request = str(stack.json("start", *ORDER)["request"])
    assert stack.command("requests", "approve", request, check=False, env=keys.as_bob).returncode == 130
    denied = stack.command("requests", "deny", request, "--reason", "not today", env=keys.as_bob)
    assert b"is denied: denied by bob: not today" in denied.stderr
    assert b"there is no request" in stack.command("requests", "show", "ffffffff", check=False).stderr


def may_break_glass(stack: Stack) -> dict[str, str]:
    """The environment of glen, whose grant says so."""
    stack.api("POST", "/api/users", {"username": "glen", "role": None, "password": PASSWORD}, status=201)
    terms = {"person": "glen", "role": "tracer", "team": "default", "break_glass": True}
    stack.api("POST", "/api/grants", terms, status=201)
    body = {"username": "glen", "password": PASSWORD, "name": "tests"}
    made = httpx.post(f"{stack.url}/api/auth/token", json=body, timeout=30)
    return {"FLEETSCOPE_TOKEN": str(json.loads(made.content)["token"])}


def test_what_broke_the_glass_is_reviewed(stack: Stack, tmp_path: Path) -> None:
    keys, glen = pair(stack, tmp_path), may_break_glass(stack)
    key = make_key(tmp_path, "unneeded")
    order = ("opensnoop", "--pid", OWN, "--duration", "1s", "--reason", "fire", "--break-glass", "--key", str(key))
    refused = stack.command("start", *order, check=False).stderr
    assert b"needs a grant as tracer in team default that may break the glass, yours may not" in refused
    request = str(json.loads(stack.command("start", *order, "--output", "json", env=glen).stdout)["request"])
    assert stack.command("requests", "start", request, env=glen).stdout.decode().strip() == request
    assert "review due" in stack.command("requests").stdout.decode()
    stack.command("requests", "review", request, "--text", "it burned", env=keys.as_bob)
    assert "review due" not in stack.command("requests").stdout.decode()
