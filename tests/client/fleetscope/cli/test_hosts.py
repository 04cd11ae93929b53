import shlex

import pytest

from tests.e2e.stack import Stack

pytestmark = pytest.mark.kernel


def test_the_local_host_is_listed_for_people_and_for_programs(stack: Stack) -> None:
    (host,) = stack.json("hosts")
    table = stack.command("hosts").stdout.decode()
    assert host["state"] == "online"
    assert host["name"] in table and host["facts"]["kernel_release"] in table


def test_a_join_command_stands_alone_on_stdout(stack: Stack) -> None:
    done = stack.command("hosts", "token")
    words = shlex.split(done.stdout.decode())
    assert "join" in words and done.stdout.count(b"\n") == 1
    assert b"once" in done.stderr
    assert stack.json("hosts", "token", "--host", "db-9")["command"].endswith(" --name db-9")
    assert set(stack.json("hosts", "token")) >= {"token", "command", "expires_at"}
