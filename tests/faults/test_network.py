"""The road between a host and its server is cut, lossy or slow: the run goes on, and its books close exactly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import chromium, grouped, sign_in
from tests.e2e.stack import COMMAND, eventually
from tests.faults.counted import PATIENCE, counted, process
from tests.faults.network import HERE, Apart
from tests.faults.points import look
from tests.faults.proof import prove
from tests.faults.relay import delayed
from tests.faults.sockets import PASSWORD

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

RATE = 5_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    folder = tmp_path_factory.mktemp("apart")
    (folder / "home").mkdir()
    running = Apart(data=folder / "var", home=folder / "home")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seconds", [1, *(pytest.param(seconds, marks=pytest.mark.long) for seconds in (30, 300))])
def test_a_cut_cable_costs_no_row(stack: Apart, seconds: int) -> None:
    stack.wait_online()
    with counted(stack, "cut") as traced:
        traced.begin(RATE * (seconds + 4), RATE)
        traced.wait_rows(RATE)
        with stack.cable.cut():
            time.sleep(seconds)
        traced.wait(seconds + 120)
        traced.finish()
        assert prove(traced).lost == {}


@pytest.mark.long
def test_a_cable_that_heals_when_the_server_has_just_given_the_host_up_costs_no_row(stack: Apart) -> None:
    """The server's end of the streams and the host's next rows then meet on the way."""
    stack.wait_online()
    with counted(stack, "met") as traced:
        traced.begin(RATE * 30, RATE)
        traced.wait_rows(RATE)
        with stack.cable.cut():
            eventually(lambda: stack.host_state() == "offline", PATIENCE, "the host given up")
        stack.wait_online(PATIENCE)
        traced.wait()
        traced.finish()
        assert prove(traced).lost == {}


@pytest.mark.long
def test_a_cut_is_told_on_both_sides_and_healed_to_the_last_row(stack: Apart) -> None:
    """Since when the host is silent, in the browser and in the command; then the backlog drains and the books close."""
    stack.wait_online()
    with counted(stack, "silent") as traced, chromium() as browser, watched(stack, traced.session) as told:
        page = signed_in(browser, stack)
        page.goto(f"{stack.url}/sessions/{traced.session}")
        traced.begin(RATE * 30, RATE)
        traced.wait_rows(RATE)
        with stack.cable.cut():
            began = time.monotonic()
            eventually(lambda: stack.host_state() == "offline", PATIENCE, "the server's word that the host is silent")
            there = time.monotonic() - began
            eventually(lambda: "not connected" in stack.status(), PATIENCE, "the agent's word that the server is away")
            here = time.monotonic() - began
            expect(page.get_by_test_id("run")).to_contain_text("silent since", timeout=PATIENCE * 1000)
            eventually(lambda: "apart is silent since" in told.read_text(), PATIENCE, "the command's word of it")
            stored, spooled = look(traced).stored, look(traced).spooled
            assert spooled > stored, "nothing waits on the host's disk"
        print(
            f"noticed by the server after {there:.1f} s and by the agent after {here:.1f} s; {spooled - stored} waited"
        )
        expect(page.get_by_test_id("run")).not_to_contain_text("silent since", timeout=PATIENCE * 1000)
        eventually(lambda: "apart answers again" in told.read_text(), PATIENCE, "the command's word that it is back")
        traced.wait()
        traced.wait_rows(traced.opened)
        traced.finish()
        assert prove(traced).lost == {}
        expect(page.get_by_test_id("ledger-badge")).to_have_attribute("data-books", "complete", timeout=PATIENCE * 1000)
        expect(page.get_by_test_id("rows-total")).to_have_text(grouped(traced.opened), timeout=PATIENCE * 1000)


def signed_in(browser: Browser, stack: Apart) -> Page:
    stack.api("POST", "/api/users", {"username": "ann", "role": "viewer", "password": PASSWORD}, status=201)
    return sign_in(browser.new_context(), stack.url, "ann", PASSWORD)


@contextmanager
def watched(stack: Apart, session: str) -> Iterator[Path]:
    """What `fleetscope watch` says beside the rows."""
    told = stack.home / "told"
    with told.open("wb") as file:
        command = [str(COMMAND), "watch", session, "--output", "ndjson"]
        watching = subprocess.Popen(command, env=stack.env, stdout=subprocess.DEVNULL, stderr=file)
    try:
        yield told
        assert watching.wait(PATIENCE) == 0, told.read_text()
    finally:
        watching.kill()


def test_a_cable_that_loses_a_third_costs_no_row(stack: Apart) -> None:
    stack.wait_online()
    with counted(stack, "lossy") as traced:
        with stack.cable.losing(30):
            traced.emit(RATE * 8, RATE)
        traced.finish()
        assert prove(traced).lost == {}


def test_a_slow_road_costs_no_row(stack: Apart) -> None:
    stack.wait_online()
    with delayed(HERE, stack.grpc_port, 0.5) as port, address(stack, f"{HERE}:{port}"):
        stack.wait_online()
        with counted(stack, "slow") as traced:
            traced.emit(RATE * 6, RATE)
            traced.finish()
            assert prove(traced).lost == {}


@contextmanager
def address(stack: Apart, place: str) -> Iterator[None]:
    """The agent reaches its server there."""
    file = stack.state / "identity/server.json"
    before = file.read_text()
    _readdress(stack, json.dumps({**json.loads(before), "address": place}))
    try:
        yield
    finally:
        _readdress(stack, before)


def _readdress(stack: Apart, identity: str) -> None:
    before = stack.connected_since()
    (stack.state / "identity/server.json").write_text(identity)
    os.kill(process(stack, "agent.link"), signal.SIGKILL)
    eventually(lambda: stack.connected_since() not in (None, before), PATIENCE, "the link on its new road")
