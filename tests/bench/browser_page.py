"""A stack at rest and a browser signed in to it, as the measurements in a browser want them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.browsing import chromium, sign_in
from tests.e2e.stack import Stack, eventually, own_stack

_PASSWORD = "bench-password-1"
SURVEY_SECONDS = 600


@contextmanager
def resting_stack() -> Iterator[Stack]:
    """Its agent knows what it can do, and has nothing to do."""
    with tempfile.TemporaryDirectory() as folder, own_stack(Path(folder)) as stack:
        eventually(lambda: _surveyed(stack), SURVEY_SECONDS, "every verdict of the host")
        yield stack


@contextmanager
def bench_page() -> Iterator[tuple[Stack, Page]]:
    with resting_stack() as stack, chromium() as browser:
        stack.api("POST", "/api/users", {"username": "bench", "role": "tracer", "password": _PASSWORD})
        context = browser.new_context(viewport={"width": 1600, "height": 1200})
        yield stack, sign_in(context, stack.url, "bench", _PASSWORD)


def _surveyed(stack: Stack) -> bool:
    (host,) = stack.api("GET", "/api/hosts")
    return bool(host["verdicts"]) and all(verdict["state"] != "checking" for verdict in host["verdicts"].values())
