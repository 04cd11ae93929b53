"""Locked rows in the browser: the page says so, and a passkey that the host's policy lists opens them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.consenting import pair, people, signatures_wanted
from tests.e2e.forms import WAIT
from tests.e2e.locking import lock, on_record, plaintext_session
from tests.e2e.stack import Stack
from tests.e2e.test_passkey_consent import with_passkey

pytestmark = [pytest.mark.kernel, pytest.mark.browser]


def test_a_passkey_opens_the_rows_on_the_page_that_says_they_are_locked(
    stack: Stack, browser: Browser, tmp_path: Path
) -> None:
    keys = pair(stack, tmp_path)
    page, line = with_passkey(stack, browser, "olga")
    site = f'rp_id = "localhost"\norigin = "{stack.url}"'
    policy = people(keys).replace("needed = 1", f"needed = 1\n{site}")
    with signatures_wanted(stack, f'{policy}\n[people.olga]\napprove = false\nkeys = ["{line}"]\n'):
        session = plaintext_session(stack, keys, tmp_path)
        page.goto(f"{stack.url}/sessions/{session}")
        total = page.get_by_test_id("rows-total")
        expect(total).not_to_have_text("0", timeout=WAIT)
        rows = str(total.text_content())
        expect(page.get_by_test_id("locked-rows")).to_have_count(0)
        lock(stack, session)
        page.reload()
        notice = page.get_by_test_id("locked-rows")
        expect(notice).to_contain_text("are locked", timeout=WAIT)
        expect(page.get_by_test_id("locked-ask")).to_be_disabled()
        expect(page.get_by_text("Nothing of the rows can be shown")).to_be_visible()
        expect(total).to_have_text(rows)
        page.get_by_test_id("locked-reason").fill("the incident's report")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("locked-text")).to_contain_text('"reason": "the incident\'s report"', timeout=WAIT)
        page.get_by_test_id("locked-open").click()
        expect(notice).to_have_count(0, timeout=WAIT)
        expect(total).to_have_text(rows, timeout=WAIT)
    (opened,) = [entry for entry in on_record(stack, "open") if entry["user"] == "olga"]
    assert opened["signers"][0][0] == "olga"
    page.context.close()
