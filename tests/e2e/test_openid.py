"""Signing in with an OpenID provider in a real browser; the provider is a real one, on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import watch_console
from tests.e2e.stack import Stack, own_stack

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PATIENCE = 30_000  # milliseconds


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    people = [User(sub="s-1", claims={"preferred_username": "ann", "groups": ["tracing"]})]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def known(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("openid")
    secret = folder / "client-secret"
    secret.write_text("any: the provider takes every client\n")
    variables = {"ISSUER": issuer, "CLIENT_ID": "fleetscope", "CLIENT_SECRET_FILE": str(secret), "NAME": "Example"}
    variables["GROUP_ROLES"] = "tracing=viewer"
    env = {f"FLEETSCOPE_OIDC_{name}": value for name, value in variables.items()}
    with own_stack(folder, env) as running:
        yield running


def as_subject(page: Page, subject: str) -> None:
    """On the provider's page."""
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_a_person_of_a_group_signs_in_and_comes_back_to_the_page(known: Stack, browser: Browser) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        errors = watch_console(page)
        page.goto(f"{known.url}/settings")
        page.get_by_test_id("login-provider").click()
        as_subject(page, "s-1")
        expect(page.get_by_test_id("identity-row")).to_contain_text("s-1", timeout=PATIENCE)
        assert page.url == f"{known.url}/settings"
        page.get_by_test_id("identity-unlink").click()
        expect(page.get_by_role("alert").filter(has_text="Example is your only way in")).to_be_visible()
        assert [text for text in errors if "Content Security Policy" in text or "Trusted" in text] == []


def test_signing_out_ends_the_sign_in_at_the_provider_too(known: Stack, issuer: str, browser: Browser) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(f"{known.url}/settings")
        page.get_by_test_id("login-provider").click()
        as_subject(page, "s-1")
        expect(page.get_by_test_id("identity-row")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_label("New password")).to_have_count(0)
        page.get_by_role("button", name="Signed in as ann").click()
        page.get_by_role("menuitem", name="Sign out").click()
        ends_there = re.escape(f"{issuer}/oauth2/end_session?id_token_hint=ey")
        expect(page).to_have_url(re.compile(ends_there), timeout=PATIENCE)
        assert context.request.get(f"{known.url}/api/auth/me").status == 401
        page.get_by_role("button", name="End session").click()
        expect(page.get_by_test_id("login-provider")).to_be_visible(timeout=PATIENCE)


def comes_in(page: Page, address: str, subject: str) -> None:
    page.goto(address)
    page.get_by_test_id("login-provider").click()
    as_subject(page, subject)
    page.wait_for_url(address, timeout=PATIENCE)


def test_a_group_that_was_left_shuts_what_it_opened_and_one_that_was_joined_opens_it(
    known: Stack, issuer: str, browser: Browser
) -> None:
    def in_groups(*groups: str) -> None:
        claims = {"preferred_username": "gus", "groups": groups}
        httpx.put(f"{issuer}/users/s-5", json=claims).raise_for_status()

    in_groups("tracing")
    with closing(browser.new_context()) as context, closing(browser.new_context()) as later:
        page, again = context.new_page(), later.new_page()
        with page.expect_websocket(lambda socket: socket.url.endswith("/ws/fleet"), timeout=PATIENCE) as opened:
            comes_in(page, f"{known.url}/hosts", "s-5")
        expect(page.get_by_test_id("host-row")).to_have_count(1, timeout=PATIENCE)
        in_groups("elsewhere")
        with opened.value.expect_event("close", timeout=PATIENCE):
            comes_in(again, f"{known.url}/settings", "s-5")
        assert context.request.get(f"{known.url}/api/hosts").status == 403
        in_groups("tracing")
        again.context.clear_cookies()
        comes_in(again, f"{known.url}/hosts", "s-5")
        expect(again.get_by_test_id("host-row")).to_have_count(1, timeout=PATIENCE)


def test_a_stranger_is_told_why(known: Stack, browser: Browser) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(known.url)
        page.get_by_test_id("login-provider").click()
        as_subject(page, "s-2")
        expect(page.get_by_test_id("login-error")).to_contain_text(
            "no account here is yours at Example", timeout=PATIENCE
        )
        page.get_by_test_id("login-again").click()
        expect(page.get_by_test_id("login-provider")).to_be_visible()


def test_who_is_signed_in_links_an_account_and_uses_it(known: Stack, browser: Browser) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(known.url)
        page.get_by_test_id("login-username").fill("admin")
        page.get_by_test_id("login-password").fill(known.password)
        page.get_by_test_id("login-submit").click()
        page.get_by_test_id("password-skip").click()
        expect(page.get_by_test_id("nav-hosts")).to_be_visible()
        page.goto(f"{known.url}/settings")
        page.get_by_test_id("identity-link").click()
        as_subject(page, "s-3")
        expect(page.get_by_test_id("identity-row")).to_contain_text("s-3", timeout=PATIENCE)
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(known.url)
        page.get_by_test_id("login-provider").click()
        as_subject(page, "s-3")
        page.get_by_test_id("password-skip").click(timeout=PATIENCE)
        expect(page.get_by_role("button", name="Signed in as admin")).to_be_visible(timeout=PATIENCE)
