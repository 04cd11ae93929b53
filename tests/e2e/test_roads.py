"""What a browser added up while rows came is what the store says afterwards; a part of the time can be marked."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import sign_in, watch_console
from tests.e2e.stack import Stack, eventually
from tests.workloads.compiled import build, running

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

GETPPID, FAILED, SLEEPS = 10_007, 1_009, 11
WANTED = {"getppid": str(GETPPID), "close": str(FAILED)}
PATIENCE = 60_000
PASSWORD = "correct-horse-battery-1"


def counted(page: Page) -> dict[str, str]:
    """The calls of those rows of the ranking that only the workload's loops can have made."""
    rows = page.get_by_test_id("top-row").all()
    found = {row.locator('[data-col="syscall"]').inner_text(): row.locator('[data-col="calls"]') for row in rows}
    return {name: found[name].get_attribute("data-value") or "" for name in WANTED if name in found}


def test_live_and_stored_rankings_agree_and_time_can_be_marked(stack: Stack, browser: Browser, tmp_path: Path) -> None:
    stack.api("POST", "/api/users", {"username": "rhoda", "role": "admin", "password": PASSWORD}, status=201)
    page = sign_in(browser.new_context(), stack.url, "rhoda", PASSWORD)
    errors = watch_console(page)
    with running(build("calls.c", tmp_path), GETPPID, FAILED, SLEEPS) as work:
        session = stack.detach("syscount", "--pid", str(work.pid), "--duration", "5m")
        page.goto(f"{stack.url}/sessions/{session}")
        work.go()
        assert work.process.stdout
        assert work.process.stdout.readline() == b"done\n"
        ranking = page.get_by_test_id("view-top")
        eventually(lambda: counted(page) == WANTED, 60, "the workload's calls in the live ranking")
        expect(ranking).to_have_attribute("data-road", "live")
        stack.api("POST", f"/api/sessions/{session}/stop")
        stack.wait_ended(session)
    expect(ranking).to_have_attribute("data-road", "store", timeout=PATIENCE)
    assert counted(page) == WANTED
    page.get_by_test_id("timeline").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_test_id("marked-time")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    link = page.get_by_test_id("export-shown-csv").get_attribute("href") or ""
    (where,) = parse_qs(urlparse(link).query)["where"]
    assert [(each["column"], each["op"]) for each in json.loads(where)["filters"]] == [("time", "ge"), ("time", "lt")]
    page.keyboard.press("Escape")
    page.get_by_test_id("marked-clear").click()
    expect(page.get_by_test_id("marked-time")).to_have_count(0)
    expect(page.get_by_test_id("top-row").first).to_be_visible()
    eventually(lambda: counted(page) == WANTED, 60, "the ranking of the whole session again")
    assert errors == []
    page.context.close()
