import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.stack import COMMAND, Stack

pytestmark = pytest.mark.kernel


def run(stack: Stack, *args: str, text: str, home: str, token: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOME": home, **({"FLEETSCOPE_TOKEN": token, "FLEETSCOPE_URL": stack.url} if token else {})}
    return subprocess.run([str(COMMAND), *args], env=env, input=text, capture_output=True, text=True, check=False)


def test_a_new_user_signs_in_and_sets_an_own_password(stack: Stack, tmp_path: Path) -> None:
    home = str(tmp_path)
    first, second = "first-long-pass-1", "second-long-pass-2"
    add = ("users", "add", "tina", "--role", "tracer", "--password-stdin")
    refused = run(stack, *add, text=first, home=str(stack.home))
    assert (refused.returncode, "with a token of the scope people" in refused.stderr) == (1, True)
    added = run(stack, *add, text=first, home=home, token=stack.people_token())
    assert added.returncode == 0, added.stderr
    assert "tina" in run(stack, "users", text="", home=str(stack.home)).stdout
    login = ("login", stack.url, "--user", "tina", "--password-stdin")
    assert run(stack, *login, text=first, home=home).returncode == 0
    assert run(stack, "password", "--password-stdin", text=f"{first}\n{second}\n", home=home).returncode == 0
    wrong = run(stack, *login, text=first, home=home)
    assert wrong.returncode == 1
    assert len(wrong.stderr.splitlines()) == 1 and "password" in wrong.stderr
    assert run(stack, *login, text=second, home=home).returncode == 0


def test_a_signed_out_token_is_forgotten_here_and_worth_nothing_there(stack: Stack, tmp_path: Path) -> None:
    home, secret = str(tmp_path), "third-long-pass-3"
    run(stack, "users", "add", "olga", "--password-stdin", text=secret, home=home, token=stack.people_token())
    run(stack, "login", stack.url, "--user", "olga", "--password-stdin", text=secret, home=home)
    token = json.loads((tmp_path / ".config/fleetscope/config.json").read_text())["servers"][stack.url]["token"]
    stack.api("GET", "/api/auth/me", token=token, status=200)
    assert run(stack, "logout", text="", home=home).returncode == 0
    assert token not in (tmp_path / ".config/fleetscope/config.json").read_text()
    stack.api("GET", "/api/auth/me", token=token, status=401)


def test_without_a_login_the_command_says_how_to_get_one(stack: Stack, tmp_path: Path) -> None:
    done = run(stack, "hosts", text="", home=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("fleetscope: not signed in") and "fleetscope login" in done.stderr
