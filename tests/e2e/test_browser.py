"""The main road in a real browser: start from the form, rows on screen, two people on one session, no polling."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import rows_total, sign_in, watch_console
from tests.e2e.stack import Stack, eventually
from tests.workloads.spawn import workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"


def user(stack: Stack, name: str, role: str) -> str:
    stack.api("POST", "/api/users", {"username": name, "role": role, "password": PASSWORD}, status=201)
    return name


@pytest.fixture(scope="module")
def tracer(stack: Stack, browser: Browser) -> Iterator[Page]:
    page = sign_in(browser.new_context(), stack.url, user(stack, "tess", "tracer"), PASSWORD)
    yield page
    page.context.close()


def shows_all(page: Page, rows: int) -> bool:
    return rows_total(page) == rows


def tried_all(stack: Stack) -> bool:
    verdicts = stack.api("GET", "/api/hosts")[0]["verdicts"]
    return bool(verdicts) and all(verdict["state"] != "checking" for verdict in verdicts.values())


def test_a_session_started_from_the_form_shows_its_rows_live(stack: Stack, tracer: Page) -> None:
    errors = watch_console(tracer)
    with workload("open_paths.py", 2003, 1000, "/nonexistent/from-the-form-") as busy:
        tracer.get_by_test_id("nav-tools").click()
        tracer.locator('[data-testid="tool-card"][data-tool="opensnoop"]').click()
        tracer.goto(f"{stack.url}/tools/opensnoop/start")
        tracer.get_by_test_id("filter-pid").fill(str(busy.pid))
        tracer.get_by_test_id("start-submit").click()
        expect(tracer.get_by_test_id("session-grid")).to_be_visible(timeout=15_000)
        session = tracer.url.rstrip("/").rsplit("/", 1)[1]
        stack.wait_state(session, "attached")
        busy.go()
        expect(tracer.get_by_test_id("grid-row").first).to_be_visible(timeout=5_000)
        busy.finish()
    eventually(lambda: rows_total(tracer) >= 2003, 10, "all rows counted in the browser")
    expect(tracer.get_by_test_id("ledger-badge")).to_have_attribute("data-books", "complete", timeout=10_000)
    assert errors == []


def test_two_browsers_one_reloaded_in_the_middle_show_the_same_rows(
    stack: Stack, tracer: Page, browser: Browser
) -> None:
    mate = sign_in(browser.new_context(), stack.url, user(stack, "milo", "viewer"), PASSWORD)
    count = 6007
    with workload("open_paths.py", count, 1500, "/nonexistent/two-browsers-") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
        address = f"{stack.url}/sessions/{session}"
        tracer.goto(address)
        busy.go()
        eventually(lambda: rows_total(tracer) > 1000, 15, "rows in the first browser")
        mate.goto(address)
        eventually(lambda: rows_total(mate) > 2000, 15, "rows in the second browser")
        mate.reload()
        busy.finish()
    ended = stack.wait_state(session, "ended")
    for page in (tracer, mate):
        eventually(partial(shows_all, page, ended["rows"]), 15, "every row counted")
    assert last_paths(tracer) == last_paths(mate)
    tracer.reload()
    eventually(lambda: rows_total(tracer) == ended["rows"], 15, "every row after reopening")
    assert last_paths(tracer) == last_paths(mate)
    mate.context.close()


def last_paths(page: Page) -> list[str]:
    """The paths at the end of the grid, as drawn."""
    page.get_by_test_id("session-grid").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    cells = page.locator('[data-testid="grid-row"] [data-col="path"]')
    drawn = [text.strip() for text in cells.all_text_contents()]
    assert len(drawn) > 5
    return drawn[-5:]


def test_while_rows_arrive_the_page_makes_no_polling_request(stack: Stack, tracer: Page) -> None:
    with workload("open_paths.py", 4001, 800, "/nonexistent/no-polling-") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "3m")
        tracer.goto(f"{stack.url}/sessions/{session}")
        eventually(lambda: tried_all(stack), 120, "all verdicts, as the page reads on news of one")
        busy.go()
        eventually(lambda: rows_total(tracer) > 400, 15, "rows on screen")
        requests: list[str] = []
        tracer.on("request", lambda request: requests.append(request.url))
        before = rows_total(tracer)
        tracer.wait_for_timeout(2500)
        assert rows_total(tracer) > before + 1000
        assert requests == []
        busy.process.kill()
    stack.wait_state(session, "ended")


def test_of_an_ended_session_nothing_is_said_before_its_connection_told_anything(stack: Stack, tracer: Page) -> None:
    with workload("open_paths.py", 20, 100, "/nonexistent/slow-line-") as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
        busy.go()
        busy.finish()
    stack.wait_state(session, "ended")
    page = tracer.context.new_page()
    page.route_web_socket(f"**/ws/sessions/{session}", lambda line: None)  # open, and silent
    page.goto(f"{stack.url}/sessions/{session}")
    expect(page.get_by_text("ended", exact=True)).to_be_visible(timeout=15_000)
    expect(page.get_by_role("status", name="Loading")).to_be_visible()
    expect(page.get_by_test_id("session-failure")).to_have_count(0)
    page.close()


def test_a_viewer_cannot_start(stack: Stack, browser: Browser) -> None:
    page = sign_in(browser.new_context(), stack.url, user(stack, "vic", "viewer"), PASSWORD)
    page.goto(f"{stack.url}/tools/opensnoop/start")
    expect(page.get_by_text("Your role may watch, not start")).to_be_visible()
    expect(page.get_by_test_id("start-submit")).to_have_count(0)
    page.context.close()


def test_a_wrong_start_says_why(stack: Stack, tracer: Page) -> None:
    tracer.goto(f"{stack.url}/tools/opensnoop/start")
    tracer.get_by_test_id("filter-pid").fill("4194000")
    tracer.get_by_test_id("start-submit").click()
    expect(tracer.get_by_text("no process 4194000 runs on this host").first).to_be_visible(timeout=15_000)
