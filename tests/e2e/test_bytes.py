"""Terminals and conversations in a real browser: replayed, searched, and harmless whatever the traced program sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import grouped, sign_in, watch_console
from tests.e2e.recordings import record
from tests.e2e.stack import ROOT, Stack, eventually, plaintext_allowed
from tests.workloads import tls
from tests.workloads.spawn import workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
SLAVE = 100
# A pseudo-terminal whose slave has a known descriptor, and a reader that is its screen.
BEFORE = f"""
import fcntl, os, pty, struct, termios
master, slave = pty.openpty()
os.dup2(slave, {SLAVE})
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 30, 100, 0, 0))
"""
THEN = r"""
import time
text = b"\x1b[2J\x1b[H\x1b[1;32mready\x1b[0m to serve\n" + b"".join(b"line %d\n" % n for n in range(7))
os.write(slave, text)
got = b""
while not got.endswith(b"line 6\r\n"): got += os.read(master, 65536)
time.sleep(1)
"""


@pytest.fixture(scope="module")
def page(stack: Stack, browser: Browser) -> Iterator[Page]:
    stack.api("POST", "/api/users", {"username": "bea", "role": "admin", "password": PASSWORD}, status=201)
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stack.url)
    yield sign_in(context, stack.url, "bea", PASSWORD)
    context.close()


def open_session(stack: Stack, page: Page, session: str) -> None:
    page.goto(f"{stack.url}/sessions/{session}")


def screen(page: Page) -> list[str]:
    rows: list[str] = page.get_by_test_id("terminal-row").all_text_contents()
    return [row.rstrip().replace("\xa0", " ") for row in rows if row.strip()]


@pytest.mark.parametrize("name", ["hostile-terminal", "hostile-tls"])
def test_what_a_traced_program_sent_has_no_effect(stack: Stack, page: Page, name: str) -> None:
    errors = watch_console(page)
    opened: list[str] = []
    page.context.on("page", lambda other: opened.append(other.url))
    open_session(stack, page, record(stack, name))
    page.evaluate("navigator.clipboard.writeText('untouched')")
    view = page.get_by_test_id("view-terminal" if name.endswith("terminal") else "view-messages")
    expect(view).to_contain_text("<script>window.stolen=1</script>", timeout=15_000)
    for tab in page.get_by_role("tab").all():
        tab.click()
        panel = page.get_by_role("tabpanel")
        expect(panel).to_contain_text("stolen", timeout=15_000)
        assert panel.locator("a, iframe, script, img").count() == 0
        assert not set(panel.inner_text()) & set("\x07\x1b\u202e\u2066\x9b")
    assert page.evaluate("window.stolen") is None
    assert page.title().endswith("· Fleetscope")
    assert page.evaluate("navigator.clipboard.readText()") == "untouched"
    assert errors == [] and opened == []


def test_a_terminal_is_replayed_from_any_moment(stack: Stack, page: Page) -> None:
    open_session(stack, page, record(stack, "terminal"))
    eventually(lambda: any("nginx" in row for row in screen(page)), 15, "the end of the recording on screen")
    assert "tail of a long write" in screen(page)[-1]
    expect(page.get_by_test_id("terminal-marks")).to_contain_text("bytes cut")
    slider = page.get_by_test_id("terminal-scrubber")
    slider.focus()
    page.keyboard.press("Home")
    eventually(lambda: screen(page) == ["web-1:~$"], 10, "the first prompt alone")
    expect(page.get_by_test_id("terminal-marks")).to_have_count(0)
    page.get_by_test_id("terminal-play").click()
    eventually(lambda: any("run.sh" in row for row in screen(page)), 20, "what the command printed")
    expect(page.get_by_test_id("terminal-typed")).to_contain_text("ls --color\\r")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("terminal-play")).to_have_text("Play")
    page.get_by_test_id("terminal-live").click()
    eventually(lambda: any("nginx" in row for row in screen(page)), 10, "the end again")


def test_a_conversation_is_searched_and_shown_as_text_or_bytes(stack: Stack, page: Page) -> None:
    open_session(stack, page, record(stack, "tls"))
    expect(page.get_by_test_id("conversation")).to_have_count(2, timeout=15_000)
    first = page.get_by_test_id("message").first
    expect(first).to_contain_text("GET /index.html HTTP/1.1")
    expect(first).to_have_attribute("data-direction", "out")
    first.get_by_role("button", name="hex").click()
    expect(first).to_contain_text("00000000  47 45 54 20 2f 69")
    page.keyboard.press("/")
    page.keyboard.type("LOGO.PNG")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("messages-hits")).to_have_text("1 of 1")
    expect(page.locator("mark")).to_have_text("logo.png")
    expect(page.get_by_test_id("message-cut")).to_contain_text("45\u202f000 of 50\u202f000 bytes are not here")


def test_counters_are_read_with_the_keyboard(stack: Stack, page: Page) -> None:
    open_session(stack, page, record(stack, "counters"))
    expect(page.get_by_test_id("counter-chart")).to_have_count(3, timeout=15_000)
    values = page.get_by_test_id("counter-value")
    newest = values.first.get_attribute("data-value")
    page.get_by_role("group", name="Charts").focus()
    page.keyboard.press("Home")
    expect(values.first).to_have_attribute("data-value", "4000")
    page.keyboard.press("Escape")
    expect(values.first).to_have_attribute("data-value", newest or "")


def test_a_heading_sorts_all_rows_and_a_session_can_be_deleted(stack: Stack, page: Page) -> None:
    session = record(stack, "many-batches")
    open_session(stack, page, session)
    expect(page.get_by_test_id("rows-total")).to_have_text(grouped(120_000), timeout=60_000)
    heading = page.get_by_test_id("grid-sort-latency")
    heading.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("grid-sorted")).to_contain_text("rows", timeout=20_000)
    top = stack.api(
        "POST",
        f"/api/sessions/{session}/query",
        {"columns": ["latency", "path"], "order": [{"by": "latency", "descending": True}], "limit": 1},
    )["rows"][0]
    row = page.get_by_test_id("grid-row").first
    expect(row.locator('[data-col="path"]')).to_have_text(top[1])
    expect(page.locator('[role="columnheader"][aria-sort="descending"]')).to_have_count(1)
    heading.click()
    expect(page.locator('[role="columnheader"][aria-sort="ascending"]')).to_have_count(1)
    page.get_by_test_id("session-delete").click()
    page.get_by_test_id("session-delete-confirm").click()
    page.wait_for_url("**/sessions")
    stack.api("GET", f"/api/sessions/{session}", status=404)


@pytest.mark.parametrize("name", ["terminal", "tls", "counters"])
def test_nothing_bars_people_who_see_or_type_differently(stack: Stack, page: Page, name: str) -> None:
    """WCAG 2 A and AA, as far as a program can tell."""
    open_session(stack, page, record(stack, name))
    views = {"terminal": "terminal-screen", "tls": "messages", "counters": "counter-chart"}
    expect(page.get_by_test_id(views[name]).first).to_be_visible(timeout=15_000)
    # Through the debugger: the page itself runs no script but its own.
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text()})
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []


@contextmanager
def terminals_allowed(stack: Stack) -> Iterator[None]:
    with plaintext_allowed(stack):
        # The host tries every tool out first, which takes minutes where much else runs.
        eventually(lambda: verdict(stack) == "works", 240, "the host to find that terminals can be read")
        yield


def verdict(stack: Stack) -> str:
    return str(stack.api("GET", "/api/hosts")[0]["verdicts"].get("ttysnoop", {}).get("state", ""))


def test_plaintext_is_refused_until_the_owner_of_the_host_allows_it(stack: Stack, page: Page) -> None:
    eventually(lambda: verdict(stack) == "forbidden", 60, "the host's own word")
    page.goto(f"{stack.url}/tools/ttysnoop/start")
    notice = page.get_by_test_id("plaintext-notice")
    expect(notice).to_contain_text('risk = ["S0", "S1", "S2", "S3"]')
    expect(page.get_by_test_id("start-submit")).to_be_disabled()
    expect(page.get_by_test_id("target-row")).to_contain_text("does not allow risk class S3")


def test_a_real_terminal_is_watched_live(stack: Stack, page: Page) -> None:
    with terminals_allowed(stack), workload("statements.py", BEFORE, THEN) as busy:
        terminal = str(Path(f"/proc/{busy.pid}/fd/{SLAVE}").readlink()).removeprefix("/dev/")
        session = stack.detach("ttysnoop", "--param", f"terminal={terminal}", "--duration", "60s")
        open_session(stack, page, session)
        eventually(lambda: "no rows yet" in page.inner_text("body"), 15, "the view before the first row")
        busy.go()
        eventually(lambda: len(screen(page)) == 8, 20, "everything that the terminal shows")
        assert screen(page) == ["ready to serve", *(f"line {n}" for n in range(7))]
        expect(page.get_by_test_id("terminal-live")).to_have_text("Live")
        busy.finish()
        stack.command("stop", session)
        raw = stack.command("export", session, "--format", "raw").stdout
        lines = b"".join(b"line %d\r\n" % n for n in range(7))
        assert raw == b"\x1b[2J\x1b[H\x1b[1;32mready\x1b[0m to serve\r\n" + lines


ASKED = b"GET /price HTTP/1.1\r\nHost: localhost\r\n\r\n"
ANSWERED = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n42.17 \xe2"
TALK = f"""
client.sendall({ASKED!r}); assert server.recv(4096) == {ASKED!r}
server.sendall({ANSWERED!r}); assert client.recv(4096) == {ANSWERED!r}
time.sleep(1)
"""


def test_a_real_conversation_is_read_live(stack: Stack, page: Page, tmp_path: Path) -> None:
    """Both ends of a TLS connection are in one program: two conversations, each with a question and an answer."""
    with plaintext_allowed(stack), workload("statements.py", tls.before(tmp_path), TALK) as busy:
        session = stack.detach("sslsniff", "--pid", str(busy.pid), "--duration", "120s")
        open_session(stack, page, session)
        busy.go()
        busy.finish()
        expect(page.get_by_test_id("conversation")).to_have_count(2, timeout=30_000)
        stack.command("stop", session)
    messages = page.get_by_test_id("message")
    expect(messages.filter(has_text="GET /price HTTP/1.1")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type("42.17")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("messages-hits")).to_have_text("1 of 2", timeout=30_000)
    expect(page.locator("mark").first).to_have_text("42.17")
