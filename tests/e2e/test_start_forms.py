"""The start forms of what traces any probe, by keyboard alone: from the host's names to rows on screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import grouped, sign_in, watch_console
from tests.e2e.forms import WAIT, form, host
from tests.e2e.stack import ROOT, Stack, numbers_allowed
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload, workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-3"
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
COUNT = 101
TABS_MAX = 60


@pytest.fixture(scope="module")
def page(stack: Stack, browser: Browser) -> Iterator[Page]:
    stack.api("POST", "/api/users", {"username": "kay", "role": "tracer", "password": PASSWORD}, status=201)
    page = sign_in(browser.new_context(), stack.url, "kay", PASSWORD)
    yield page
    page.context.close()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there: whoever cannot point must be able to reach it."""
    wanted = page.locator(selector)
    expect(wanted).to_have_count(1, timeout=WAIT)
    for _ in range(TABS_MAX):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{TABS_MAX} presses of Tab do not reach {selector}")


def field(name: str) -> str:
    return f'[data-testid="{name}"]'


def complete(page: Page, name: str, text: str, whole: str) -> None:
    """Type, go down to the first name that the host offers, take it."""
    tab_to(page, field(name))
    page.keyboard.type(text)
    option = page.get_by_test_id("name-option").filter(visible=True).first
    expect(option).to_contain_text(whole.rpartition("/")[2].rpartition(":")[2], timeout=WAIT)
    expect(page.get_by_label("Asking the host")).to_have_count(0, timeout=WAIT)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id(name)).to_have_value(whole)


def choose(page: Page, text: str) -> None:
    """In the closed list that has the focus: open it, go down to the entry, take it."""
    page.keyboard.press("ArrowDown")
    option = page.get_by_role("option", name=text, exact=True)
    expect(option).to_be_visible()
    for _ in range(20):
        if option.get_attribute("data-combobox-selected") is not None:
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(option).to_have_count(0)


def argument(page: Page, name: str, kind: str) -> None:
    tab_to(page, field("argument-add"))
    page.keyboard.press("Space")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    choose(page, kind)


def badge(page: Page) -> str:
    return page.locator("section", has_text="The same by command").locator("h2 ~ span").last.inner_text()


def start_for(page: Page, stack: Stack, work: Workload) -> str:
    """Enter in the field of the pid starts; the session's id once its run is attached."""
    tab_to(page, field("filter-pid"))
    page.keyboard.type(str(work.pid))
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions/*", timeout=WAIT)
    session = page.url.rstrip("/").rsplit("/", 1)[1]
    stack.wait_state(session, "attached", seconds=60)
    return session


def check_rows(page: Page, stack: Stack, session: str, rows: int) -> None:
    """The session has exactly so many, and all of them are on screen."""
    stack.command("stop", session)
    ended = stack.wait_state(session, "ended", seconds=60)
    assert (ended["rows"], ended["books"]) == (rows, "complete")
    expect(page.get_by_test_id("rows-total")).to_have_text(grouped(rows), timeout=WAIT)
    expect(page.get_by_test_id("grid-row").first).to_be_visible(timeout=WAIT)


def cells(page: Page, column: str) -> list[str]:
    found = page.locator(f'[data-testid="grid-row"] [data-col="{column}"]')
    expect(found.first).to_be_visible(timeout=WAIT)
    return [text.strip() for text in found.all_text_contents() if text.strip()]


def test_a_tracepoint_from_its_name_to_rows(page: Page, stack: Stack) -> None:
    errors = watch_console(page)
    with workload("open_paths.py", COUNT, 1000, "/nonexistent/by-keyboard-") as busy:
        form(page, stack, "tracepoint")
        complete(page, "param-tracepoint", "sys_exit_openat", "syscalls:sys_exit_openat")
        expect(page.get_by_test_id("tracepoint-fields")).to_contain_text("ret", timeout=WAIT)
        tab_to(page, field("comparison-add"))
        page.keyboard.press("Space")
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        choose(page, "is")
        page.keyboard.press("Tab")
        page.keyboard.type("-2")
        expect(page.get_by_text("--param 'where=ret == -2'")).to_be_visible()
        assert badge(page) == "S1"
        session = start_for(page, stack, busy)
        busy.go()
        busy.finish()
    check_rows(page, stack, session, COUNT)
    assert set(cells(page, "ret")) <= {"-2", "ENOENT", "\u22122"}
    assert errors == []


def test_strings_of_a_tracepoint_make_the_draft_s3_and_say_what_the_host_does(page: Page, stack: Stack) -> None:
    form(page, stack, "tracepoint")
    complete(page, "param-tracepoint", "sys_enter_openat", "syscalls:sys_enter_openat")
    tab_to(page, '[aria-label="Read the string of filename"]')
    page.keyboard.press("Space")
    assert badge(page) == "S3"
    expect(page.get_by_test_id("plaintext-notice")).to_contain_text("Hosts refuse this class by default")
    page.keyboard.press("Space")
    assert badge(page) == "S1"
    expect(page.get_by_test_id("plaintext-notice")).to_have_count(0)


def test_a_function_from_its_name_to_rows(page: Page, stack: Stack, tmp_path: Path) -> None:
    errors = watch_console(page)
    program = build("arguments.c", tmp_path)
    with running(program, COUNT) as work, numbers_allowed(stack, f"{program}:edges"):
        form(page, stack, "uprobe")
        complete(page, "param-function", f"{program}:edge", f"{program}:edges")
        expect(page.get_by_test_id("param-function-meant")).to_have_text(f"1 function matches on {host(stack)}")
        argument(page, "a", "s8")
        argument(page, "B", "u8")
        argument(page, "", "not shown")
        assert badge(page) == "S2"
        tab_to(page, 'input[aria-label="Type of the value returned"]')
        choose(page, "s8")
        expect(page.get_by_text("--param args=a:s8,b:u8,_ --param ret=s8")).to_be_visible()
        session = start_for(page, stack, work)
        work.go()
        assert work.process.stdout and work.process.stdout.readline() == b"done\n"
    check_rows(page, stack, session, 2)
    assert [cells(page, name) for name in ("a", "b", "ret")] == [["-128", "127"], ["255", "0"], ["-128", "127"]]
    assert errors == []


@pytest.mark.parametrize(("type_", "notices"), [("str", 0), ("s32", 1)])
def test_reading_values_makes_a_function_s3(page: Page, stack: Stack, type_: str, notices: int) -> None:
    """Strings whatever the function is, numbers until the host's owner lists it."""
    form(page, stack, "uprobe")
    argument(page, "path", type_)
    assert badge(page) == "S3"
    expect(page.get_by_test_id("plaintext-notice")).to_be_visible()
    expect(page.get_by_test_id("numbers-notice")).to_have_count(notices)
    tab_to(page, '[aria-label="Remove argument 1 path"]')
    page.keyboard.press("Enter")
    assert badge(page) == "S2"
    expect(page.get_by_test_id("argument-add")).to_be_focused()


def test_a_usdt_probe_from_its_name_to_rows(page: Page, stack: Stack, tmp_path: Path) -> None:
    errors = watch_console(page)
    program = build("probes.c", tmp_path)
    with running(program, COUNT) as work, numbers_allowed(stack, f"{program}:workload:*"):
        form(page, stack, "usdt")
        complete(page, "param-probe", f"{program}:workload:gua", f"{program}:workload:guarded")
        expect(page.get_by_test_id("param-probe-meant")).to_have_text(f"1 probe matches on {host(stack)}")
        argument(page, "n", "s32")
        session = start_for(page, stack, work)
        work.go()
        assert work.process.stdout and int(work.process.stdout.readline()) == COUNT
        check_rows(page, stack, session, COUNT)
    page.get_by_test_id("session-grid").focus()
    page.keyboard.press("Home")
    expect(page.locator('[data-testid="grid-row"] [data-col="n"]').first).to_have_text("0", timeout=WAIT)
    assert cells(page, "n")[:3] == ["0", "1", "2"]
    assert errors == []


def test_a_host_that_tells_nothing_leaves_texts_to_write(page: Page, stack: Stack) -> None:
    form(page, stack, "tracepoint")
    known = stack.api("GET", "/api/hosts")[0]
    switch = f"/api/hosts/{known['id']}/switch"
    try:
        stack.api("POST", switch, {"off": True, "reason": "being repaired"})
        tab_to(page, field("param-tracepoint"))
        page.keyboard.type("sched:sched_switch")
        refused = page.get_by_test_id("names-refused")
        expect(refused).to_contain_text("What you type counts all the same", timeout=WAIT)
        expect(refused).to_contain_text("being repaired")
        expect(page.get_by_test_id("fields-unknown")).to_contain_text("write them as text")
        for name in ("fields", "where", "strings"):
            expect(page.get_by_test_id(f"param-{name}")).to_be_editable()
    finally:
        stack.api("POST", switch, {"off": False, "reason": "repaired"})


@pytest.mark.parametrize("path", ["tools", "tools/uprobe", "tools/tracepoint/start", "tools/uprobe/start", "sessions"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_bars_people_who_see_or_type_differently(page: Page, stack: Stack, path: str, theme: str) -> None:
    """WCAG 2 A and AA, as far as a program can tell."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(f"{stack.url}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=WAIT)
    expect(page.get_by_label("Loading", exact=True)).to_have_count(0, timeout=WAIT)
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE.read_text()})
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
