"""The Teams page in a real browser: an admin lets people in and out, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import sign_in, watch_console
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"
WAIT = 30_000  # ms


@pytest.fixture(scope="module")
def admin(stack: Stack, browser: Browser) -> Iterator[Page]:
    for name, role in (("tilda", "admin"), ("theo", None)):
        stack.api("POST", "/api/users", {"username": name, "role": role, "password": PASSWORD}, status=201)
    page = sign_in(browser.new_context(), stack.url, "tilda", PASSWORD)
    yield page
    page.context.close()


def panel(page: Page, team: str) -> Locator:
    return page.locator(f'[data-testid="team"][data-team="{team}"]')


def add_team(page: Page, name: str) -> Locator:
    page.get_by_test_id("team-new").click()
    page.get_by_test_id("team-name").fill(name)
    page.keyboard.press("Enter")
    expect(panel(page, name)).to_be_visible(timeout=WAIT)
    return panel(page, name)


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_test_id(field).click()
    page.get_by_role("option", name=option).click()


def granted(stack: Stack, team: str) -> list[dict[str, Any]]:
    return [grant for grant in stack.api("GET", "/api/grants") if grant["team"] == team]


def test_a_team_its_member_and_what_is_granted_to_it(stack: Stack, admin: Page) -> None:
    errors = watch_console(admin)
    admin.keyboard.press("g")
    admin.keyboard.press("m")
    expect(admin.get_by_test_id("team-new")).to_be_visible(timeout=WAIT)
    shown = add_team(admin, "lab")
    shown.get_by_test_id("team-join-name").fill("theo")
    admin.keyboard.press("Enter")
    expect(shown.get_by_test_id("team-member")).to_have_text("theo", timeout=WAIT)
    shown.get_by_test_id("team-give").click()
    admin.get_by_text("A team's members", exact=True).click()
    choose(admin, "grant-holders", "lab")
    choose(admin, "grant-role", "tracer")
    choose(admin, "grant-risk", "S1")
    admin.get_by_test_id("grant-labels").fill("env=lab")
    admin.keyboard.press("Enter")
    admin.get_by_test_id("grant-max_seconds").fill("5m")
    admin.get_by_test_id("grant-save").click()
    expect(shown.get_by_test_id("grant-row")).to_contain_text("members of lab", timeout=WAIT)
    (grant,) = granted(stack, "lab")
    wanted = {"holders": "lab", "role": "tracer", "host_labels": {"env": "lab"}, "risk": "s1", "max_seconds": 300}
    assert wanted.items() <= grant.items()
    shown.get_by_test_id("grant-change").click()
    expect(admin.get_by_test_id("grant-max_seconds")).to_have_value("5m", timeout=WAIT)
    admin.get_by_test_id("grant-max_seconds").fill("")
    admin.get_by_test_id("grant-break-glass").check()
    admin.get_by_test_id("grant-save").click()
    expect(shown.get_by_test_id("grant-row")).to_contain_text("no bounds", timeout=WAIT)
    expect(shown.get_by_test_id("grant-row")).to_contain_text("may break the glass")
    assert {"max_seconds": None, "break_glass": True}.items() <= granted(stack, "lab")[0].items()
    assert errors == []


def test_what_is_refused_says_why_and_taking_away_asks_once_more(stack: Stack, admin: Page) -> None:
    admin.goto(f"{stack.url}/teams")
    shown = add_team(admin, "short-lived")
    shown.get_by_test_id("team-join-name").fill("nobody-there")
    shown.get_by_test_id("team-join").click()
    expect(shown).to_contain_text("there is no user 'nobody-there'", timeout=WAIT)
    shown.get_by_test_id("team-remove").click()
    expect(shown.get_by_test_id("team-remove")).to_have_text("Remove it and its grants")
    shown.get_by_test_id("team-remove").click()
    expect(shown).to_have_count(0, timeout=WAIT)
    assert "short-lived" not in {team["name"] for team in stack.api("GET", "/api/teams")}


def test_who_administers_nothing_has_no_such_page_in_the_rail(stack: Stack, admin: Page, browser: Browser) -> None:
    stack.api("POST", "/api/teams", {"name": "quiet"}, status=201)
    stack.api("PUT", "/api/teams/quiet/members/theo", {})
    page = sign_in(browser.new_context(), stack.url, "theo", PASSWORD)
    expect(page.get_by_test_id("nav-teams")).to_have_count(0)
    page.goto(f"{stack.url}/teams")
    expect(panel(page, "quiet")).to_be_visible(timeout=WAIT)
    expect(page.get_by_test_id("grant-new")).to_have_count(0)
    expect(panel(page, "quiet").get_by_test_id("team-give")).to_have_count(0)
    page.context.close()
    expect(admin.get_by_test_id("nav-teams")).to_be_visible()
