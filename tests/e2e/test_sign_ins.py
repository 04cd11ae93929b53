"""Signing another browser out, in real ones: what it shows ends by itself."""

from __future__ import annotations

from contextlib import closing

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import sign_in, watch_console
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"
PATIENCE = 30_000  # milliseconds


def test_all_others_are_signed_out(stack: Stack, browser: Browser) -> None:
    stack.api("POST", "/api/users", {"username": "otto", "role": "viewer", "password": PASSWORD}, status=201)
    with closing(browser.new_context()) as one, closing(browser.new_context()) as other:
        here = sign_in(one, stack.url, "otto", PASSWORD)
        there = sign_in(other, stack.url, "otto", PASSWORD)
        errors = watch_console(here)
        here.goto(f"{stack.url}/settings")
        expect(here.get_by_test_id("sign-in-row")).to_have_count(2)
        expect(here.get_by_test_id("sign-in-row").filter(has_text="this browser")).to_have_count(1)
        here.get_by_test_id("sign-out-others").click()
        expect(here.get_by_test_id("sign-in-row")).to_have_count(1)
        expect(there.get_by_test_id("login-username")).to_be_visible(timeout=PATIENCE)
        assert errors == []
