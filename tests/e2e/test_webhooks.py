"""The webhooks of a team in a real browser: added, tried, removed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import sign_in, watch_console
from tests.server.processes import Server
from tests.server.webhooks.receiver import Receiver, receiving

pytestmark = [pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"
WAIT = 30_000  # ms


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Page]:
    """Of a server that may send to this machine."""
    server = Server(tmp_path_factory.mktemp("server"), {"FLEETSCOPE_WEBHOOK_NETWORKS": "127.0.0.0/8 ::1"})
    assert server.command("migrate").returncode == 0
    assert server.command("user", "add", "tilda", "--role", "admin", text=f"{PASSWORD}\n").returncode == 0
    with server.running() as _, browser.new_context() as context:
        server.wait_healthy()
        yield sign_in(context, f"http://localhost:{server.http}", "tilda", PASSWORD)


def open_webhooks(page: Page) -> None:
    page.get_by_test_id("nav-teams").click()
    page.get_by_test_id("team-webhooks").click()
    expect(page.get_by_test_id("webhook-url")).to_be_visible(timeout=WAIT)


def test_a_webhook_is_added_tried_and_removed(admin: Page, receiver: Receiver) -> None:
    errors = watch_console(admin)
    open_webhooks(admin)
    admin.get_by_test_id("webhook-url").fill(receiver.url)
    admin.keyboard.press("Enter")
    secret = admin.get_by_test_id("webhook-secret").locator("code").inner_text(timeout=WAIT)
    row = admin.get_by_test_id("webhook")
    expect(row).to_contain_text("Nothing was sent there yet", timeout=WAIT)
    row.get_by_test_id("webhook-test").click()
    expect(row).to_contain_text("arrived", timeout=WAIT)
    (message,) = receiver.messages
    assert message.signed_with(secret) and message.content["type"] == "test"
    receiver.answer = lambda: (500, {})
    row.get_by_test_id("webhook-test").click()
    expect(row).to_contain_text("answered 500", timeout=WAIT)
    expect(row).to_contain_text("1 to send")
    admin.keyboard.press("Escape")
    open_webhooks(admin)
    expect(admin.get_by_test_id("webhook-secret")).to_have_count(0)
    row.get_by_test_id("webhook-remove").click()
    expect(row.get_by_test_id("webhook-remove")).to_have_text("Remove it")
    row.get_by_test_id("webhook-remove").click()
    expect(row).to_have_count(0, timeout=WAIT)
    admin.keyboard.press("Escape")
    assert errors == []


def test_an_address_inside_is_refused_where_it_is_written(admin: Page) -> None:
    open_webhooks(admin)
    admin.get_by_test_id("webhook-url").fill("http://169.254.169.254/latest")
    admin.get_by_test_id("webhook-add").click()
    expect(admin.get_by_role("alert")).to_contain_text("FLEETSCOPE_WEBHOOK_NETWORKS", timeout=WAIT)
    expect(admin.get_by_test_id("webhook")).to_have_count(0)
