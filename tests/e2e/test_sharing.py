"""Sharing a session in real browsers: a link opens it for who signs in, and ending the share closes their page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import grouped, sign_in, watch_console
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"
WAIT = 30_000  # ms
COUNT = 503


@pytest.fixture(scope="module")
def session(stack: Stack) -> str:
    """Sharon's, with rows."""
    stack.api("POST", "/api/users", {"username": "sharon", "role": "tracer", "password": PASSWORD}, status=201)
    who = {"username": "sharon", "password": PASSWORD, "name": "start"}
    token = stack.api("POST", "/api/auth/token", who)["token"]
    with workload("open_paths.py", COUNT, 1000, "/nonexistent/shared-") as busy:
        order = {"tool": "opensnoop", "filters": {"pid": busy.pid}, "limits": {"budget_permille": 1000}}
        started = str(stack.api("POST", "/api/sessions", order, token=token, status=201)["id"])
        stack.wait_state(started, "attached", 60)
        busy.go()
        busy.finish()
    stack.wait_ended(started, 60)
    return started


@pytest.fixture(scope="module")
def owner(stack: Stack, browser: Browser, session: str) -> Iterator[Page]:
    page = sign_in(browser.new_context(), stack.url, "sharon", PASSWORD)
    page.goto(f"{stack.url}/sessions/{session}")
    yield page
    page.context.close()


@pytest.fixture
def stranger(stack: Stack, browser: Browser) -> Iterator[Page]:
    """Nobody yet; `rhea`, who signs in there, looks at sessions of another team."""
    known = {user["username"] for user in stack.api("GET", "/api/users")}
    if "rhea" not in known:
        stack.api("POST", "/api/users", {"username": "rhea", "role": None, "password": PASSWORD}, status=201)
        stack.api("POST", "/api/teams", {"name": "payments"}, status=201)
        given = {"person": "rhea", "role": "viewer", "team": "payments", "risk": "s2"}
        stack.api("POST", "/api/grants", given, status=201)
    page = browser.new_context().new_page()
    yield page
    page.context.close()


def open_dialog(owner: Page) -> None:
    if owner.get_by_test_id("share-kind").count() == 0:
        owner.get_by_test_id("session-share").click()
    expect(owner.get_by_test_id("share-kind")).to_be_visible(timeout=WAIT)


def signs_in(page: Page) -> None:
    page.get_by_test_id("login-username").fill("rhea")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.keyboard.press("Enter")


def test_a_link_opens_for_who_signs_in_until_it_is_ended(
    stack: Stack, owner: Page, stranger: Page, session: str
) -> None:
    errors = watch_console(owner)
    open_dialog(owner)
    owner.get_by_text("A link", exact=True).click()
    owner.get_by_test_id("share-add").click()
    link = owner.get_by_test_id("share-link").locator("code").inner_text()
    assert link.startswith(f"{stack.url}/sessions/{session}#link=")
    stranger.goto(link)
    signs_in(stranger)
    expect(stranger.get_by_test_id("rows-total")).to_have_text(grouped(COUNT), timeout=WAIT)
    expect(stranger).to_have_url(f"{stack.url}/sessions/{session}")
    expect(stranger.get_by_test_id("session-share")).to_have_count(0)
    expect(owner.get_by_test_id("share")).to_contain_text("opened by rhea", timeout=WAIT)
    owner.get_by_test_id("share-end").click()
    owner.get_by_test_id("share-end").click()
    expect(owner.get_by_test_id("share")).to_have_count(0, timeout=WAIT)
    expect(stranger.get_by_text("The server closed this view")).to_be_visible(timeout=WAIT)
    stranger.goto(link)
    stranger.reload()
    expect(stranger.get_by_role("alert")).to_contain_text("this link has ended", timeout=WAIT)
    assert errors == []


def test_a_share_with_a_person_says_when_it_opens_nothing(stack: Stack, owner: Page, stranger: Page) -> None:
    open_dialog(owner)
    owner.get_by_text("A person", exact=True).click()
    owner.get_by_test_id("share-name").fill("nobody-there")
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("alert")).to_contain_text("no active user 'nobody-there'", timeout=WAIT)
    stack.api("POST", "/api/users", {"username": "noel", "role": None, "password": PASSWORD}, status=201)
    owner.get_by_test_id("share-name").fill("noel")
    owner.get_by_test_id("share-add").click()
    shown = owner.get_by_test_id("share").filter(has_text="noel")
    expect(shown).to_contain_text("noel has no grant up to class S2 on its hosts", timeout=WAIT)
    owner.get_by_text("A team", exact=True).click()
    owner.get_by_test_id("share-name").fill("payments")
    owner.get_by_test_id("share-add").click()
    expect(owner.get_by_test_id("share").filter(has_text="Team payments")).to_be_visible(timeout=WAIT)
