"""Who looked at a host last week, and why: two clicks, for an admin and for an auditor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import sign_in, watch_console
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PATIENCE = 30_000  # milliseconds
PASSWORD = "correct-horse-battery-1"
REASON = "checkout answers slowly since the release of Thursday"
COUNT_CLICKS = "window.clicks = 0; addEventListener('click', () => { window.clicks += 1; }, true);"


@pytest.fixture(scope="module")
def session(stack: Stack, browser: Browser) -> str:
    """One that mira looked at, though she did not start it."""
    for name, role in (("mira", "viewer"), ("augusta", "auditor"), ("adele", "admin")):
        stack.api("POST", "/api/users", {"username": name, "role": role, "password": PASSWORD}, status=201)
    with workload("open_paths.py", 11, 100, "/nonexistent/who-looked-") as busy, closing(browser.new_context()) as hers:
        made = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "5m", "--reason", REASON)
        looking = sign_in(hers, stack.url, "mira", PASSWORD)
        looking.goto(f"{stack.url}/sessions/{made}")
        busy.go()
        expect(looking.get_by_test_id("session-grid").get_by_text("who-looked").first).to_be_visible(timeout=PATIENCE)
        stack.api("POST", f"/api/sessions/{made}/stop")
        stack.wait_ended(made)
    return made


@pytest.fixture
def page_of(stack: Stack, browser: Browser) -> Iterator[Callable[[str, str], Page]]:
    """Somebody's page with its clicks counted."""
    with ExitStack() as contexts:

        def opened(username: str, path: str) -> Page:
            context = contexts.enter_context(closing(browser.new_context()))
            page = sign_in(context, stack.url, username, PASSWORD)
            page.goto(f"{stack.url}{path}")
            page.evaluate(COUNT_CLICKS)
            return page

        yield opened


def check_mira_is_shown(page: Page) -> None:
    seen = page.get_by_test_id("audit-row").filter(has_text="mira").filter(has_text=REASON)
    expect(seen.first).to_be_visible(timeout=PATIENCE)
    expect(seen.first).to_have_attribute("data-action", "session.view")
    expect(page.get_by_test_id("audit-filter-days")).to_have_value("7")
    expect(page.get_by_test_id("audit-row").filter(has_text="account.login")).to_have_count(0)
    assert page.evaluate("window.clicks") <= 2


def test_two_clicks_from_the_list_of_hosts(page_of: Callable[[str, str], Page], session: str) -> None:
    page = page_of("adele", "/hosts")
    errors = watch_console(page)
    page.get_by_test_id("host-row").first.click()
    page.get_by_test_id("who-looked").click()
    check_mira_is_shown(page)
    assert errors == []


def test_two_clicks_on_the_audit_page_for_who_may_see_nothing_else(
    stack: Stack, page_of: Callable[[str, str], Page], session: str
) -> None:
    page = page_of("augusta", "/")
    errors = watch_console(page)
    expect(page).to_have_url(f"{stack.url}/audit")
    (host,) = stack.session(session)["hosts"]
    page.get_by_test_id("audit-only-host").filter(has_text=host).first.click()
    page.get_by_test_id("audit-filter-days").select_option("7")
    expect(page.get_by_test_id("audit-filter-host")).to_have_value(host)
    check_mira_is_shown(page)
    assert errors == []


def test_who_only_audits_is_shown_no_broken_page(
    stack: Stack, page_of: Callable[[str, str], Page], session: str
) -> None:
    page = page_of("augusta", "/audit")
    errors = watch_console(page)
    expect(page.get_by_test_id("nav-audit")).to_be_visible()
    names = [name.get_attribute("data-testid") for name in page.get_by_label("Main").get_by_role("link").all()]
    assert names == [None, "nav-tools", "nav-audit"], "the brand, and what there is for her"
    for address in ("/hosts", "/sessions", "/requests"):
        page.goto(f"{stack.url}{address}")
        expect(page.get_by_text("Your role shows nothing here")).to_be_visible(timeout=PATIENCE)
    for address, heading in (("/tools", "Tools"), ("/teams", "Teams"), ("/settings", "Settings")):
        page.goto(f"{stack.url}{address}")
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("alert")).to_have_count(0)
    assert errors == []
