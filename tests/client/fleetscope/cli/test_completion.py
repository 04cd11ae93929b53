from __future__ import annotations

import os
import subprocess

import pytest

from tests.e2e.stack import COMMAND, Stack
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

BREAKS = " \t\n\"'><=;|&(:"


def asked(stack: Stack, **words: str) -> list[str]:
    env = {**os.environ, **stack.env, **words}
    done = subprocess.run([str(COMMAND)], env=env, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def offered(stack: Stack, line: str, breaks: str = BREAKS) -> list[str]:
    """What bash is told to put behind this line."""
    lines = asked(stack, COMP_LINE=line, COMP_BREAKS=breaks, _FLEETSCOPE_COMPLETE="bash_complete")
    return [line.partition(",")[2] for line in lines if line]


def test_tools_hosts_commands_and_options_are_offered(stack: Stack) -> None:
    (host,) = stack.json("hosts")
    assert offered(stack, "fleetscope start opens") == ["opensnoop"]
    assert offered(stack, "fleetscope tools func") == ["funccount", "funclatency"]
    assert offered(stack, f"fleetscope start opensnoop --host {host['name'][:2]}") == [host["name"]]
    assert "--duration" in offered(stack, "fleetscope start opensnoop --du")


def test_parameters_are_offered_until_they_are_given(stack: Stack) -> None:
    assert offered(stack, "fleetscope start tracepoint --param ") == ["tracepoint=", "fields=", "where=", "strings="]
    given = "fleetscope start tracepoint --param tracepoint=sched:sched_switch --param "
    assert offered(stack, given) == ["fields=", "where=", "strings="]
    assert offered(stack, "fleetscope start --param ") == []


def test_values_of_a_parameter_are_offered(stack: Stack) -> None:
    assert offered(stack, "fleetscope start opensnoop --param failed_only=") == ["true", "false"]
    choices = next(param["choices"] for param in stack.json("tools", "syscount")["params"] if param["name"] == "by")
    assert offered(stack, "fleetscope start syscount --param by=") == choices


def test_names_of_the_host_are_offered_and_bash_gets_what_it_replaces(stack: Stack) -> None:
    line = "fleetscope start tracepoint --param tracepoint=sched:sched_swit"
    assert offered(stack, line) == ["sched_switch"]
    assert offered(stack, line, breaks=" ") == ["tracepoint=sched:sched_switch"]
    assert offered(stack, line.replace("tracepoint=", '"tracepoint=')) == ["tracepoint=sched:sched_switch"]
    fields = "fleetscope start tracepoint --param tracepoint=sched:sched_switch --param fields=prev_comm,next_co"
    assert offered(stack, fields) == ["prev_comm,next_comm"]
    assert "malloc" in offered(stack, "fleetscope start funccount --param function=c:mall")


def test_processes_are_offered_for_a_filter(stack: Stack) -> None:
    with workload("named.py", "fs-offered") as busy:
        assert offered(stack, "fleetscope start opensnoop --comm fs-off") == ["fs-offered"]
        assert str(busy.pid) in offered(stack, f"fleetscope start opensnoop --pid {busy.pid}")


def test_bash_itself_puts_the_name_behind_the_line(stack: Stack) -> None:
    """The script in a real bash, as readline would call it."""
    line = "fleetscope start tracepoint --param tracepoint=sched:sched_swit"
    script = """
        source <(fleetscope completion bash)
        COMP_LINE=$1 COMP_POINT=${#1}
        _fleetscope_completion fleetscope
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{COMMAND.parent}:{os.environ['PATH']}"
    argv = ["bash", "--norc", "-c", script, "bash", line]
    done = subprocess.run(argv, env={**stack.env, "PATH": path}, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["sched_switch"], done.stderr


def test_zsh_gets_the_whole_word_with_its_meaning(stack: Stack) -> None:
    words = "fleetscope start tracepoint --param tracepoint=sched:sched_swit"
    lines = asked(stack, COMP_WORDS=words, COMP_CWORD="4", _FLEETSCOPE_COMPLETE="zsh_complete")
    assert lines[:2] == ["plain", r"tracepoint=sched\:sched_switch"]
    stems = asked(
        stack, COMP_WORDS="fleetscope start usdt --param", COMP_CWORD="4", _FLEETSCOPE_COMPLETE="zsh_complete"
    )
    assert (stems[0], stems[1], stems[3], stems[4]) == ("stem", "probe=", "stem", "args=")


def test_a_server_that_is_away_offers_nothing_and_says_nothing(stack: Stack) -> None:
    away = Stack(data=stack.data, home=stack.home, extra_env={"FLEETSCOPE_URL": "http://localhost:1"})
    assert offered(away, "fleetscope start opens") == []
    assert offered(away, "fleetscope start opensnoop --param ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_for_the_shell(stack: Stack, shell: str) -> None:
    script = stack.command("completion", shell).stdout.decode()
    assert f"_FLEETSCOPE_COMPLETE={shell}_complete" in script
