import pytest

from tests.e2e.stack import Stack

pytestmark = pytest.mark.kernel


def test_every_tool_is_listed_with_its_kind_and_risk(stack: Stack) -> None:
    lines = stack.command("tools").stdout.decode().splitlines()
    assert lines[0].split()[:3] == ["TOOL", "KIND", "RISK"]
    assert [line.split()[:3] for line in lines if line.startswith("opensnoop")] == [["opensnoop", "events", "S2"]]
    uprobe = next(line for line in lines if line.startswith("uprobe"))
    assert uprobe.split()[1:6] == ["events", "S2,", "S3", "with", "arguments"]


def test_one_tool_is_shown_with_parameters_columns_and_verdicts(stack: Stack) -> None:
    text = stack.command("tools", "funclatency").stdout.decode()
    (host,) = stack.json("hosts")
    assert "function" in text and "required" in text and host["name"] in text
    assert stack.json("tools", "funclatency")["name"] == "funclatency"


def test_an_unknown_tool_is_one_line(stack: Stack) -> None:
    done = stack.command("tools", "opensnop", check=False)
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1 and b"opensnoop" in done.stderr
