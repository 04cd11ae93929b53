"""Asking others to agree, in a real browser: the badge, the exact text, agreeing, denying."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import sign_in
from tests.e2e.consenting import PASSWORD, pair
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

ORDER = {"tool": "opensnoop", "filters": {"pid": 1}, "limits": {"duration_ms": 1000}, "reason": "slow disk"}


def test_what_others_ask_for_is_counted_shown_and_agreed_to(stack: Stack, browser: Browser, tmp_path: Path) -> None:
    pair(stack, tmp_path)
    page = sign_in(browser.new_context(), stack.url, "bob", PASSWORD)
    page.goto(f"{stack.url}/requests")
    before = page.get_by_test_id("request-row").count()
    made = [stack.api("POST", "/api/requests", ORDER)["id"] for _ in range(2)]
    expect(page.get_by_test_id("waiting-count")).to_have_text("2", timeout=30_000)
    expect(page.get_by_test_id("request-row")).to_have_count(before + 2)
    page.goto(f"{stack.url}/requests/{made[0]}")
    expect(page.get_by_test_id("specification")).to_contain_text('"reason": "slow disk"')
    expect(page.get_by_test_id("request-state")).to_have_text("It lacks the agreement of 1 other.")
    page.get_by_test_id("request-approve").click()
    expect(page.get_by_test_id("request-state")).to_have_text("admin can start it now, once.", timeout=30_000)
    expect(page.get_by_test_id("waiting-count")).to_have_text("1", timeout=30_000)
    page.goto(f"{stack.url}/requests/{made[1]}")
    expect(page.get_by_test_id("request-deny")).to_be_disabled()
    page.get_by_test_id("request-words").fill("not today")
    page.get_by_test_id("request-deny").click()
    expect(page.get_by_test_id("request-state")).to_contain_text("denied by bob: not today", timeout=30_000)
    expect(page.get_by_test_id("waiting-count")).to_have_count(0, timeout=30_000)
