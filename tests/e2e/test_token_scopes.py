"""Making an API token in a real browser: the narrow ones come first, and it does no more than it says."""

from __future__ import annotations

from contextlib import closing

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import sign_in, watch_console
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"


def test_a_token_reads_unless_more_is_chosen(stack: Stack, browser: Browser) -> None:
    stack.api("POST", "/api/users", {"username": "toni", "role": "admin", "password": PASSWORD}, status=201)
    with closing(browser.new_context()) as context:
        page = sign_in(context, stack.url, "toni", PASSWORD)
        errors = watch_console(page)
        page.goto(f"{stack.url}/settings")
        page.get_by_label("Name", exact=True).fill("report")
        page.get_by_role("button", name="Make a token").click()
        row = page.get_by_test_id("token-row")
        expect(row).to_contain_text("read up to S2 · not used yet")
        token = page.get_by_text("fst1.").inner_text()
        assert stack.api("GET", "/api/hosts", token=token, status=200)
        stack.api("POST", "/api/hosts/token", {}, token=token, status=403)
        page.get_by_role("combobox", name="May").click()
        page.get_by_role("option", name="All that you may, except make people and grants").click()
        expect(page.get_by_label("Up to class")).to_have_count(0)
        page.get_by_label("Name", exact=True).fill("all")
        page.get_by_role("button", name="Make a token").click()
        expect(row.filter(has_text="all that you may")).to_have_count(1)
        assert errors == []
