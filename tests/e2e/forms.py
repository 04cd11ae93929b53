"""The start form of a tool, as tests open and ask it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.stack import Stack

WAIT = 30_000  # ms


def host(stack: Stack) -> str:
    return str(stack.api("GET", "/api/hosts")[0]["name"])


def form(page: Page, stack: Stack, tool: str) -> None:
    """Opens it, and waits until a start would be accepted."""
    page.goto(f"{stack.url}/tools/{tool}/start")
    expect(page.get_by_test_id("start-submit")).to_be_enabled(timeout=WAIT)
