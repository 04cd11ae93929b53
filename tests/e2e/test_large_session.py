"""A session of more rows than a browser reads at once opens, scrolls, sorts and finds by asking the store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.live.watcher import MOST_READ
from tests.e2e.browsing import sign_in, watch_console
from tests.e2e.stack import Stack, eventually
from tests.workloads.compiled import build, running

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PATIENCE = 60_000
PASSWORD = "correct-horse-battery-1"
ROWS = MOST_READ + 50_000
BURST = "/nonexistent/fleetscope/burst/of/missing/paths"


@pytest.fixture
def page(stack: Stack, browser: Browser) -> Page:
    stack.api("POST", "/api/users", {"username": "lara", "role": "admin", "password": PASSWORD}, status=201)
    return sign_in(browser.new_context(), stack.url, "lara", PASSWORD)


def shown(page: Page) -> int:
    """How many rows the grid says it has asked for so far."""
    return int(re.sub(r"\D", "", page.get_by_test_id("grid-sorted").inner_text()) or 0)


def test_a_large_session_that_is_over_is_shown_by_the_page(stack: Stack, page: Page, tmp_path: Path) -> None:
    with running(build("burst.c", tmp_path), ROWS) as work:
        session = stack.detach("opensnoop", "--pid", str(work.pid), "--duration", "5m")
        work.go()
        assert work.process.stdout
        assert work.process.stdout.readline() == f"{ROWS}\n".encode()
        stack.api("POST", f"/api/sessions/{session}/stop")
        assert stack.wait_ended(session, 120)["rows"] >= ROWS
    errors = watch_console(page)
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    page.goto(f"{stack.url}/sessions/{session}")
    grid = page.get_by_test_id("session-grid")
    expect(grid.get_by_text(BURST).first).to_be_visible(timeout=PATIENCE)
    assert sum(received) < ROWS  # bytes: all of its rows are many times as much
    assert 0 < shown(page) < MOST_READ
    read = shown(page)
    grid.focus()
    page.keyboard.press("End")
    eventually(lambda: shown(page) > read, 60, "more rows at the end of those read")
    page.get_by_test_id("grid-search").fill("no-row-is-called-like-this")
    expect(page.get_by_text("No row matches")).to_be_visible(timeout=PATIENCE)
    page.get_by_test_id("grid-search").fill("burst/of/missing")
    expect(grid.get_by_text(BURST).first).to_be_visible(timeout=PATIENCE)
    assert errors == []
    page.context.close()
