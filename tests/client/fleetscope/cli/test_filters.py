"""Targets that people name on the command line, and how they stand in the records afterwards."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from fleetscope.cli.filters import filter_options, filters_of, target_text
from tests.e2e.stack import Stack, eventually
from tests.workloads.groups import container_id, group, join
from tests.workloads.spawn import workload


@pytest.mark.parametrize(
    ("args", "filters"),
    [
        ([], {}),
        (["--pid", "7", "--follow"], {"pid": 7, "follow": True}),
        (["--pod", "prod/web", "--uid", "0"], {"pod": "prod/web", "uid": 0}),
        (
            ["--container", "web", "--not-comm", "a", "--not-comm", "b", "--not-pid", "3"],
            {"container": "web", "exclude": {"pid": [3], "comm": ["a", "b"]}},
        ),
    ],
)
def test_options_become_filters(args: list[str], filters: dict[str, object]) -> None:
    @click.command()
    @filter_options
    def command(**options: object) -> None:
        click.echo(json.dumps(filters_of(options)))

    assert json.loads(CliRunner().invoke(command, args).output) == filters


def group_found(**changes: object) -> dict[str, object]:
    empty = {
        "cgroup": 1,
        "path": "",
        "container": "",
        "runtime": "",
        "name": "",
        "image": "",
        "pod": "",
        "namespace": "",
    }
    return {"filter": "container", "excluded": False, "pids": [], **empty, **changes}


@pytest.mark.parametrize(
    ("filters", "targets", "text"),
    [
        ({}, {"processes": [], "groups": []}, "whole host"),
        ({"uid": 0, "exclude": {"comm": ["sshd"]}}, {"processes": [], "groups": []}, "uid 0, not comm sshd"),
        (
            {"pid": 7, "follow": True},
            {
                "processes": [{"filter": "pid", "pid": 7, "tid": 0, "comm": "x", "excluded": False, "children": []}],
                "groups": [],
            },
            "pid 7 x, and children",
        ),
        (
            {"container": "web"},
            {"processes": [], "groups": [group_found(container="a" * 64, name="web")]},
            "container web aaaaaaaaaaaa",
        ),
        (
            {"unit": "n"},
            {"processes": [], "groups": [group_found(filter="unit", path="s/n.service")]},
            "unit n.service",
        ),
    ],
)
def test_the_target_is_shown_in_a_few_words(filters: object, targets: object, text: str) -> None:
    assert target_text({"filters": filters, "runs": [{"targets": targets}]}) == text  # type: ignore[typeddict-item]


@pytest.mark.kernel
def test_what_a_container_turned_out_to_be_stands_in_every_record(stack: Stack) -> None:
    number = container_id()
    with group(f"docker/{number}") as folder, workload("open_paths.py", 101, 5000, "/nonexistent/box-") as busy:
        join(folder, busy.pid)
        args = ("--container", number[:10], "--not-comm", "nobody", "--duration", "60s")
        session = stack.detach("opensnoop", *args)
        eventually(lambda: stack.session(session)["runs"][0]["state"] == "attached", 40, "attached")
        busy.go()
        busy.finish()
        ended = stack.wait_ended(session)
    (run,) = ended["runs"]
    (found,) = run["targets"]["groups"]
    assert (run["end"]["cause"], run["rows"]) == ("target_exited", 101)
    assert (found["container"], found["pids"]) == (number, [busy.pid])
    listed = stack.command("sessions").stdout.decode()
    assert f"container {number[:12]}, not comm nobody" in listed
    entries = stack.api("GET", "/api/audit?action=session.targets&limit=50")["items"]
    (entry,) = [item for item in entries if item["session"] == session]
    assert entry["detail"]["groups"][0]["cgroup"] == found["cgroup"]
    on_host = [json.loads(line) for line in (stack.data / "agent/audit.log").read_text().splitlines()]
    (line,) = [item for item in on_host if item["event"] == "targets" and item["run"] == run["id"].replace("-", "")]
    assert line["groups"][0]["container"] == number
