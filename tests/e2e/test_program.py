"""What ran in the kernel can be read in the browser, with the keyboard too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import chromium, sign_in, watch_console
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"


def test_the_session_page_shows_c_and_bytecode_of_its_run(stack: Stack) -> None:
    stack.api("POST", "/api/users", {"username": "petra", "role": "viewer", "password": PASSWORD}, status=201)
    with workload("open_paths.py", 3, 10, "/nonexistent/shown-program-") as busy, chromium() as browser:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
        page = sign_in(browser.new_context(), stack.url, "petra", PASSWORD)
        errors = watch_console(page)
        page.goto(f"{stack.url}/sessions/{session}")
        page.get_by_test_id("program-open").click()
        expect(page.get_by_test_id("program-source")).to_contain_text("TRACEPOINT_PROBE(syscalls, sys_enter_openat)")
        page.get_by_role("tab", name="C as compiled").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_test_id("program-bytecode")).to_contain_text("<map fs_counters>")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("program-bytecode")).to_be_hidden()
        stack.command("stop", session)
    assert errors == []
