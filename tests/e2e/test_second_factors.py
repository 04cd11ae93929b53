"""Second factors in a real browser: an authenticator app, a passkey (virtual authenticator), a demanded one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.browsing import plug_in_authenticator, sign_in, watch_console
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context()
    yield made
    made.close()


def person(stack: Stack, name: str, role: str = "viewer") -> str:
    stack.api("POST", "/api/users", {"username": name, "role": role, "password": PASSWORD}, status=201)
    return name


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Signed in as").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_test_id("login-username")).to_be_visible()


def first_step(page: Page, stack: Stack, name: str) -> None:
    page.goto(f"{stack.url}/login")
    page.get_by_test_id("login-username").fill(name)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()


def next_code(secret: str) -> str:
    """Good now and for a while, also after the code that the app shows now was used."""
    return pyotp.TOTP(secret).at(int(time.time()), counter_offset=1)


def test_an_authenticator_app_and_its_recovery_codes(stack: Stack, context: BrowserContext) -> None:
    name = person(stack, "anna")
    page = sign_in(context, stack.url, name, PASSWORD)
    errors = watch_console(page)
    page.goto(f"{stack.url}/settings")
    page.get_by_test_id("totp-begin").click()
    secret = page.get_by_test_id("totp-secret").locator("code").text_content() or ""
    page.get_by_test_id("totp-code").fill(pyotp.TOTP(secret).now())
    page.get_by_test_id("totp-confirm").click()
    shown = page.get_by_test_id("recovery-codes").locator("li")
    expect(shown).to_have_count(10)
    recovery = shown.all_text_contents()
    assert errors == []
    sign_out(page)
    first_step(page, stack, name)
    page.get_by_test_id("factor-code").fill("wrong")
    page.get_by_test_id("factor-submit").click()
    expect(page.get_by_test_id("login-error")).to_contain_text("the code is wrong or was used before")
    page.get_by_test_id("factor-code").fill(next_code(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("nav-hosts")).to_be_visible()
    sign_out(page)
    first_step(page, stack, name)
    page.get_by_test_id("factor-code").fill(recovery[0])
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("nav-hosts")).to_be_visible()


def test_a_passkey_alone_signs_in(stack: Stack, context: BrowserContext) -> None:
    name = person(stack, "pia")
    page = sign_in(context, stack.url, name, PASSWORD)
    plug_in_authenticator(page)
    errors = watch_console(page)
    page.goto(f"{stack.url}/settings")
    page.get_by_test_id("passkey-name").fill("laptop")
    page.get_by_test_id("passkey-add").click()
    expect(page.get_by_test_id("passkey-row")).to_contain_text("laptop")
    expect(page.get_by_test_id("recovery-codes")).to_be_visible()
    assert errors == []
    sign_out(page)
    page.get_by_test_id("login-passkey").click()
    expect(page.get_by_test_id("nav-hosts")).to_be_visible()
    sign_out(page)
    first_step(page, stack, name)
    page.get_by_test_id("factor-passkey").click()
    expect(page.get_by_test_id("nav-hosts")).to_be_visible()


def reset_by_admin(browser: Browser, stack: Stack, name: str) -> None:
    context = browser.new_context()
    page = sign_in(context, stack.url, person(stack, "dorothee", "admin"), PASSWORD)
    page.goto(f"{stack.url}/settings")
    reset = page.get_by_role("button", name=f"Take the second factors from {name}")
    reset.click()
    reset.click()
    expect(reset).to_have_count(0)
    context.close()


def test_a_demanded_factor_is_set_up_at_the_next_sign_in(
    stack: Stack, browser: Browser, context: BrowserContext
) -> None:
    name = person(stack, "dora", "viewer")
    stack.api("PUT", "/api/auth/rule", {"roles": ["viewer"]})
    try:
        page = context.new_page()
        plug_in_authenticator(page)
        first_step(page, stack, name)
        page.get_by_test_id("enrol-passkey").click()
        expect(page.get_by_test_id("recovery-codes")).to_be_visible()
        page.get_by_test_id("enrol-finish").click()
        expect(page.get_by_test_id("nav-hosts")).to_be_visible()
    finally:
        stack.api("PUT", "/api/auth/rule", {"roles": []})
    factors = {user["username"]: user["factors"] for user in stack.api("GET", "/api/users")}
    assert factors[name] == ["passkey", "recovery"]
    reset_by_admin(browser, stack, name)
    expect(page.get_by_test_id("login-username")).to_be_visible()
    first_step(page, stack, name)
    expect(page.get_by_test_id("nav-hosts")).to_be_visible()
