from __future__ import annotations

import os
import subprocess

import pytest

from tests.e2e.stack import COMMAND, Stack

pytestmark = pytest.mark.kernel


def offered(stack: Stack, line: str) -> list[str]:
    """What bash would offer behind this line."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1), "_FLEETSCOPE_COMPLETE": "bash_complete"}
    done = subprocess.run([str(COMMAND)], env={**os.environ, **stack.env, **words}, capture_output=True, text=True)
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_tools_hosts_commands_and_options_are_offered(stack: Stack) -> None:
    (host,) = stack.json("hosts")
    assert offered(stack, "fleetscope start opens") == ["opensnoop"]
    assert offered(stack, "fleetscope tools func") == ["funccount", "funclatency"]
    assert offered(stack, f"fleetscope start opensnoop --host {host['name'][:2]}") == [host["name"]]
    assert "--duration" in offered(stack, "fleetscope start opensnoop --du")


def test_a_server_that_is_away_offers_nothing_and_says_nothing(stack: Stack) -> None:
    away = Stack(data=stack.data, home=stack.home, extra_env={"FLEETSCOPE_URL": "http://localhost:1"})
    assert offered(away, "fleetscope start opens") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_for_the_shell(stack: Stack, shell: str) -> None:
    script = stack.command("completion", shell).stdout.decode()
    assert f"_FLEETSCOPE_COMPLETE={shell}_complete" in script
