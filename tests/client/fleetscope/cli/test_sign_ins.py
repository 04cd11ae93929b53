from __future__ import annotations

import json

import httpx
import pytest

from tests.client.fleetscope.cli.test_accounts import run
from tests.e2e.stack import Stack

pytestmark = pytest.mark.kernel

SECRET = "quite-a-long-secret-4"


def browser(stack: Stack) -> httpx.Client:
    client = httpx.Client(base_url=stack.url, headers={"User-Agent": "Firefox/140 (Linux)"}, timeout=30)
    client.post("/api/auth/login", json={"username": "sina", "password": SECRET}).raise_for_status()
    return client


def test_browsers_are_listed_and_ended(stack: Stack, tmp_path: object) -> None:
    home, admin = str(tmp_path), str(stack.home)
    stack.api("POST", "/api/users", {"username": "sina", "password": SECRET}, status=201)
    assert run(stack, "login", stack.url, "--user", "sina", "--password-stdin", text=SECRET, home=home).returncode == 0
    first, second, third = browser(stack), browser(stack), browser(stack)
    listed = json.loads(run(stack, "sign-ins", "--output", "json", text="", home=home).stdout)
    assert [one["device"] for one in listed] == ["Firefox on Linux"] * 3
    ended = run(stack, "sign-ins", "end", listed[-1]["id"], text="", home=home)
    assert (ended.returncode, ended.stderr) == (0, "signed out of 1 browser\n")
    assert first.get("/api/auth/me").status_code == 401
    assert second.get("/api/auth/me").status_code == 200
    refused = run(stack, "sign-ins", "end", "--user", "admin", text="", home=home)
    assert refused.returncode == 1 and "needs the role admin" in refused.stderr
    assert run(stack, "sign-ins", "end", "--user", "sina", text="", home=admin).stderr == "signed out of 2 browsers\n"
    assert third.get("/api/auth/me").status_code == 401
    assert run(stack, "sign-ins", "end", text="", home=home).returncode == 2
