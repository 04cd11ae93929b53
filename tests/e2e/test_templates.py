"""Templates in a browser: kept where a session is started, called by a webhook, shown as what they started."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import sign_in, watch_console
from tests.e2e.forms import WAIT, form
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-9"
NAME = "calls of a worker"
CALL = re.compile(r"Bearer (\S+)'.* (http\S+)$")


@pytest.fixture(scope="module")
def page(stack: Stack, browser: Browser) -> Iterator[Page]:
    stack.api("POST", "/api/users", {"username": "tamsin", "role": "tracer", "password": PASSWORD}, status=201)
    page = sign_in(browser.new_context(timezone_id="America/New_York"), stack.url, "tamsin", PASSWORD)
    yield page
    page.context.close()


def call(command: str, **body: object) -> httpx.Response:
    found = CALL.search(command)
    assert found, command
    token, url = found.groups()
    return httpx.post(url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def picture(page: Page, name: str) -> None:
    """For whoever wants to look at the pages: into the folder that the environment names."""
    if folder := os.environ.get("FLEETSCOPE_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def keep(page: Page, stack: Stack, pid: int) -> None:
    """Of the calls of one process; a schedule that means nothing is refused before."""
    form(page, stack, "syscount")
    page.get_by_test_id("filter-pid").fill(str(pid))
    page.get_by_test_id("filter-pid").press("Escape")
    page.get_by_test_id("template-keep").click()
    page.get_by_test_id("template-name").fill(NAME)
    page.get_by_test_id("template-schedule").fill("every morning")
    page.get_by_test_id("template-schedule").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is no cron expression of five fields", timeout=WAIT)
    picture(page, "template-refused")
    page.get_by_test_id("template-schedule").fill("0 6 1 1 *")
    page.get_by_test_id("template-schedule").press("Enter")
    expect(page.get_by_test_id("template-kept")).to_contain_text(NAME, timeout=WAIT)


def row_of(page: Page, stack: Stack) -> Locator:
    page.goto(f"{stack.url}/settings")
    return page.get_by_test_id("template").filter(has_text=NAME)


def new_call(page: Page, stack: Stack) -> str:
    """The command that the page shows once."""
    row = row_of(page, stack)
    expect(row).to_contain_text(re.compile(r"0 6 1 1 \* UTC, next \d{4}-01-01 06:00 UTC"), timeout=WAIT)
    expect(row).to_contain_text("Nothing started it yet")
    row.get_by_test_id("template-token").press("Enter")
    shown = row.get_by_test_id("template-call")
    expect(shown).to_contain_text("Bearer fsh1.", timeout=WAIT)
    picture(page, "template-token")
    return shown.locator("code, span, pre").first.inner_text()


def renew(row: Locator, old: str) -> str:
    """An alert may hold the old token: its end is asked for once more, and then it is one."""
    row.get_by_test_id("template-token").click()
    expect(row.get_by_test_id("template-token")).to_have_text("End the old one")
    expect(row.get_by_test_id("template-call")).to_have_count(0)
    row.get_by_test_id("template-token").click()
    shown = row.get_by_test_id("template-call")
    expect(shown).to_contain_text("Bearer fsh1.", timeout=WAIT)
    assert call(old).status_code == 401
    return shown.locator("code, span, pre").first.inner_text()


def test_a_kept_order_is_started_by_a_webhook_and_says_so(page: Page, stack: Stack) -> None:
    errors = watch_console(page)
    with workload("open_paths.py", 2000, 200, "/nonexistent/template-") as busy:
        keep(page, stack, busy.pid)
        command = new_call(page, stack)
        busy.go()
        started = call(command, reason="p99 over 2 s")
        assert started.status_code == 201, started.text
        session = started.json()["session"]
        stack.wait_state(session, "attached", seconds=60)
        page.goto(started.json()["url"])
        expect(page.get_by_test_id("begun-by")).to_contain_text(NAME, timeout=WAIT)
        picture(page, "template-session")
        again = call(command)
        assert (again.status_code, "has not ended yet" in again.text) == (409, True)
        stack.command("stop", session)
        stack.wait_ended(session)
    assert (stack.session(session)["begun_by"], stack.session(session)["created_by"]) == ("webhook", "tamsin")
    row = row_of(page, stack)
    expect(row).to_contain_text("skipped", timeout=WAIT)
    renewed = renew(row, command)
    row.get_by_test_id("template-token-end").click()
    row.get_by_test_id("template-token-end").click()
    expect(row.get_by_test_id("template-token")).to_have_text("Make a token", timeout=WAIT)
    assert call(renewed).status_code == 401
    row.get_by_test_id("template-remove").click()
    row.get_by_test_id("template-remove").click()
    expect(row).to_have_count(0, timeout=WAIT)
    assert [error for error in errors if "422 (Unprocessable" not in error] == []


def test_what_reveals_more_cannot_be_kept(page: Page, stack: Stack) -> None:
    form(page, stack, "opensnoop")
    expect(page.get_by_test_id("start-submit")).to_be_visible(timeout=WAIT)
    expect(page.get_by_test_id("template-why-not")).to_contain_text("it is S2", timeout=WAIT)
    expect(page.get_by_test_id("template-keep")).to_have_count(0)
