"""Browsers that do not keep up: what the server holds for each is bounded, nobody else notices, and they are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from server.live.viewer import MAX_BYTES
from tests.e2e.browsing import chromium, sign_in
from tests.e2e.processes import one
from tests.e2e.stack import Stack, eventually, own_stack
from tests.faults.sockets import PASSWORD, Deaf, Reader, cookie_of
from tests.workloads.compiled import build, running

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

COUNT, RATE = 300_007, 50_000
DEAF, IDLE = 8, 4


@pytest.fixture(scope="module")
def burst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("burst.c", tmp_path_factory.mktemp("burst"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Of its own: what its server holds in memory is measured."""
    with own_stack(tmp_path_factory.mktemp("viewers")) as running:
        yield running


def resident_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def test_slow_viewers_cost_little_and_a_fast_one_beside_them_misses_nothing(stack: Stack, burst: Path) -> None:
    assert stack.process is not None
    server, cookie = one(stack.process.pid, "server"), cookie_of(stack, "ann")
    with running(burst, COUNT, RATE) as busy, ExitStack() as sockets:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "120s")
        fast = sockets.enter_context(closing(Reader(stack, session, cookie, draws=True)))
        before = resident_bytes(server)
        idle = [sockets.enter_context(closing(Reader(stack, session, cookie, draws=False))) for _ in range(IDLE)]
        for _ in range(DEAF):
            sockets.enter_context(closing(Deaf(stack, session, cookie)))
        busy.go()
        busy.finish(120)
        ended = stack.wait_ended(session)
        eventually(lambda: fast.rows + fast.skipped == COUNT, 60, "the fast viewer's last row")
        grown = resident_bytes(server) - before
        assert ended["rows"] == COUNT and ended["books"] == "complete"
        assert all(0 < viewer.undrawn_bytes <= MAX_BYTES and viewer.rows < COUNT for viewer in idle)
        assert fast.rows > max(viewer.rows for viewer in idle)
        for viewer in idle:
            viewer.draw()
        eventually(lambda: all(viewer.rows + viewer.skipped == COUNT for viewer in idle), 60, "the skipped rows told")
        assert all(viewer.skipped for viewer in idle)
    print(f"{DEAF + IDLE} slow viewers: {grown / 2**20:.1f} MiB more in the server, fast one skipped {fast.skipped}")
    assert grown < (DEAF + IDLE) * MAX_BYTES


BUSY = "() => { const end = Date.now() + 6000; while (Date.now() < end); }"


def test_a_browser_that_could_not_keep_up_says_how_many_rows_it_skipped(stack: Stack, burst: Path) -> None:
    stack.api("POST", "/api/users", {"username": "bob", "role": "viewer", "password": PASSWORD}, status=201)
    with running(burst, COUNT * 3) as busy, chromium() as browser:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "120s")
        page = sign_in(browser.new_context(), stack.url, "bob", PASSWORD)
        page.goto(f"{stack.url}/sessions/{session}")
        expect(page.get_by_test_id("session-grid")).to_be_visible(timeout=30_000)
        busy.go()
        page.evaluate(BUSY)
        busy.finish(120)
        stack.wait_ended(session)
        marker = page.get_by_title("rows skipped because this browser was slow")
        number = f"{COUNT * 3:,}".replace(",", r"\D")
        expect(marker).to_contain_text(re.compile(f"of {number} rows; all stored"), timeout=60_000)
        assert not (marker.get_attribute("title") or "").startswith("0 rows")
