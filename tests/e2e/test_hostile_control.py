"""The eyes that see nothing on Fleetscope's pages see the same strings act on a page that does not escape them."""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from server.security import policy
from tests.e2e.hostile_eyes import Eyes, clipboard, fill_clipboard, look
from tests.e2e.test_hostile_strings import live_formulas
from tests.hostile import COUNT, SCRIPTS, strings

pytestmark = pytest.mark.browser

RUNNING = ("<script>", "onerror=", "onload=", "ontoggle=")
# A terminal that obeys what is shown on it.
OBEY = r"""
async (texts) => {
  for (const text of texts)
    for (const [, data] of text.matchAll(/\x1b\]52;c;([A-Za-z0-9+/=]+)/g))
      await navigator.clipboard.writeText(atob(data));
}
"""
# In so many documents.
RAN = "(least) => [...Array(window.length).keys()].filter((at) => window[at].fs_hostile).length >= least"


def page_of(texts: list[str]) -> bytes:
    """Each in a document of its own, so that none ends in the middle of another."""
    frames = "".join(f'<iframe srcdoc="{html.escape(text)}"></iframe>' for text in texts)
    return f"<!doctype html><meta charset=utf-8>{frames}".encode()


def words_of(texts: list[str]) -> bytes:
    """As text, with what is hidden left hidden."""
    return f"<!doctype html><meta charset=utf-8>{''.join(f'<p>{html.escape(text)}' for text in texts)}".encode()


@contextmanager
def serving(content: bytes, headers: dict[str, str]) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Not among the test's output."""

    with ThreadingHTTPServer(("localhost", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@contextmanager
def watched(browser: Browser, content: bytes, headers: dict[str, str] | None = None) -> Iterator[Eyes]:
    with serving(content, headers or {}) as address, browser.new_context() as context:
        eyes = Eyes(context, address)
        page = context.new_page()
        page.goto(address, wait_until="load")
        yield eyes


def test_scripts_run_where_nothing_is_escaped_and_no_policy_holds(browser: Browser) -> None:
    texts = strings()
    acting = [text for text in texts if any(word in text for word in RUNNING)]
    assert len(texts) == COUNT and len(acting) > 50
    with watched(browser, page_of(texts)) as eyes:
        (page,) = eyes.context.pages
        page.wait_for_function(RAN, arg=50)
        assert eyes.counts["script"] >= 50
        assert eyes.counts["foreign"] >= 5
        assert eyes.counts["policy"] == 0
        assert {kind for kind, _ in look(page)} >= {"element"}


def test_a_policy_alone_stops_and_reports_them(browser: Browser) -> None:
    with watched(browser, page_of(list(SCRIPTS)), {"Content-Security-Policy": policy("/", "nonce")}) as eyes:
        assert eyes.counts["script"] == 0
        assert eyes.counts["policy"] >= 5


def test_a_terminal_that_obeys_reaches_the_clipboard(browser: Browser) -> None:
    with watched(browser, words_of(["x"])) as eyes:
        (page,) = eyes.context.pages
        fill_clipboard(page)
        page.evaluate(OBEY, strings())
        assert clipboard(page) == "fs-hostile"


def test_hidden_characters_and_turned_text_are_seen(browser: Browser) -> None:
    with watched(browser, words_of(strings())) as eyes:
        found = [kind for kind, _ in look(eyes.context.pages[0])]
    assert found.count("hidden") > 50
    assert found.count("order") > 5


def test_formulas_are_seen_in_a_file_that_does_not_guard_them() -> None:
    assert len(live_formulas([[text] for text in strings()])) > 50
