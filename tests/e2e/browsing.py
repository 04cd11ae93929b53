"""A real chromium, driven by Playwright, signed in to a stack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # Playwright waits 5 s unless told: a busy machine takes longer
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(context: BrowserContext, url: str, username: str, password: str) -> Page:
    """A page on the app's first screen. Fails when the sign-in does."""
    page = context.new_page()
    page.goto(url)
    page.get_by_test_id("login-username").fill(username)
    page.get_by_test_id("login-password").fill(password)
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("nav-tools")).to_be_visible()
    return page


def rows_total(page: Page) -> int:
    """What a session's page counts, which it shows in groups of three digits."""
    text = page.get_by_test_id("rows-total").text_content() or "0"
    return int("".join(filter(str.isdigit, text)) or 0)


def grouped(count: int) -> str:
    """As pages show it."""
    return f"{count:,}".replace(",", "\u202f")


def plug_in_authenticator(page: Page) -> None:
    """A device with a fingerprint reader that always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def watch_console(page: Page) -> list[str]:
    """Collects console errors and CSP reports of the page from now on."""
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    return seen
