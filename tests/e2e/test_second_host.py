"""A second host joins with a single-use command from a network of its own; one session runs on both."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import chromium, sign_in
from tests.e2e.stack import AGENT_COMMAND, Stack, eventually
from tests.workloads.spawn import workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"
NETNS, HERE, THERE = "fstest-host2", "10.231.7.1", "10.231.7.2"


def ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=not check)


@pytest.fixture(scope="module")
def network() -> Iterator[None]:
    """A network namespace with one cable to this one."""
    ip("netns", "del", NETNS, check=False)
    ip("link", "del", "fstest0", check=False)
    ip("netns", "add", NETNS)
    ip("link", "add", "fstest0", "type", "veth", "peer", "name", "fstest1", "netns", NETNS)
    ip("addr", "add", f"{HERE}/30", "dev", "fstest0")
    ip("link", "set", "fstest0", "up")
    ip("-n", NETNS, "addr", "add", f"{THERE}/30", "dev", "fstest1")
    ip("-n", NETNS, "link", "set", "fstest1", "up")
    yield
    ip("netns", "del", NETNS)


@pytest.fixture(scope="module")
def fleet(network: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "home").mkdir()
    running = Stack(data=folder / "var", home=folder / "home")
    running.extra_env = {
        "FLEETSCOPE_GRPC": f"{HERE}:{running.grpc_port}",
        "FLEETSCOPE_GRPC_LISTEN": f"0.0.0.0:{running.grpc_port}",
    }
    running.start()
    yield running
    running.stop()


@contextmanager
def second_agent(fleet: Stack, name: str, state: Path) -> Iterator[str]:
    """An agent that has joined from the other network and runs; yields the join command that it used."""
    command = str(fleet.json("hosts", "token")["command"])
    words = shlex.split(command)
    words[0] = str(AGENT_COMMAND)
    inside = ["nsenter", f"--net=/run/netns/{NETNS}"]
    subprocess.run([*inside, *words, "--name", name, "--state", str(state)], check=True)
    policy = fleet.data / "agent/policy.toml"
    agent = subprocess.Popen(
        [*inside, str(AGENT_COMMAND), "run", "--state", str(state), "--policy", str(policy), "--lifeline"],
        stdin=subprocess.PIPE,
    )
    try:
        yield command
    finally:
        assert agent.stdin is not None
        agent.stdin.close()
        agent.wait(timeout=15)


@pytest.fixture(scope="module")
def joined(fleet: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The join command that was used; the second agent runs while the tests do."""
    with second_agent(fleet, "second", tmp_path_factory.mktemp("second")) as command:
        eventually(lambda: online(fleet, "second"), 15, "the second host online")
        yield command


def online(fleet: Stack, name: str) -> bool:
    return any(host["name"] == name and host["state"] == "online" for host in fleet.api("GET", "/api/hosts"))


def test_a_join_token_works_once(fleet: Stack, joined: str, tmp_path: Path) -> None:
    words = shlex.split(joined)
    words[0] = str(AGENT_COMMAND)
    again = subprocess.run([*words, "--name", "third", "--state", str(tmp_path)], capture_output=True, text=True)
    assert again.returncode != 0
    assert "token" in again.stderr
    assert not online(fleet, "third")


def test_a_joining_host_appears_in_an_open_browser(fleet: Stack, network: None, tmp_path: Path) -> None:
    fleet.api("POST", "/api/users", {"username": "hanna", "role": "viewer", "password": PASSWORD}, status=201)
    with chromium() as browser:
        page = sign_in(browser.new_context(), fleet.url, "hanna", PASSWORD)
        page.goto(f"{fleet.url}/hosts")
        expect(page.get_by_test_id("host-row")).not_to_have_count(0)
        with second_agent(fleet, "shown", tmp_path):
            row = page.get_by_test_id("host-row").filter(has_text="shown")
            expect(row).to_contain_text("online", timeout=15_000)


def test_one_session_on_both_hosts_shows_rows_of_both(fleet: Stack, joined: str) -> None:
    eventually(lambda: not online(fleet, "shown"), 60, "the host of another test to be offline")
    names = sorted(host["name"] for host in fleet.api("GET", "/api/hosts") if host["state"] == "online")
    assert len(names) == 2 and "second" in names
    eventually(lambda: all(works(fleet, name) for name in names), 60, "verdicts of both hosts")
    with workload("open_paths.py", 503, 1000, "/nonexistent/both-hosts-") as busy:
        hosts = [word for name in names for word in ("--host", name)]
        session = fleet.detach("opensnoop", *hosts, "--pid", str(busy.pid), "--duration", "30s")
        busy.go()
        busy.finish()
    fleet.wait_state(session, "ended")
    rows = [
        json.loads(line)
        for line in fleet.command("export", session, "--format", "ndjson", "-o", "-").stdout.splitlines()
    ]
    for name in names:
        assert sum("both-hosts-" in row["path"] for row in rows if row["host"] == name) == 503


def works(fleet: Stack, name: str) -> bool:
    state = fleet.api("GET", f"/api/hosts/{name}")["verdicts"].get("opensnoop", {}).get("state")
    return bool(state == "works")
