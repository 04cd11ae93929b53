"""The auditor pack in a real browser, from a file, without a network: it shows, filters, finds what was changed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from server.audit import checkpoints, commands, pack
from server.audit.exported import ExportError, check
from server.audit.record import record
from server.errors import Conflict
from tests.e2e.browsing import chromium, watch_console
from tests.server.audit.conftest import exported_lines

pytestmark = pytest.mark.usefixtures("log")
WAIT_MS = 60_000


@pytest.fixture(scope="module", autouse=True)
def browser() -> Iterator[Browser]:
    # Playwright leaves an event loop running in this thread, in which Django otherwise refuses its database.
    with pytest.MonkeyPatch.context() as patch, chromium() as running:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Without a network, and a request for anything but the file fails the test."""
    context = browser.new_context(offline=True)
    found = context.new_page()

    def only_the_file(route: Route) -> None:
        assert route.request.url.startswith(("file:", "blob:")), route.request.url
        route.continue_()

    found.route("**/*", only_the_file)
    yield found
    context.close()


def opened(page: Page, folder: Path, lines: list[bytes]) -> str:
    """What the viewer says in the end."""
    file = folder / "audit.html"
    file.write_bytes(b"".join(pack.pack(iter(lines), len(lines))))
    page.goto(file.as_uri())
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-state", re.compile("good|bad"), timeout=WAIT_MS)
    return verdict.inner_text()


@pytest.mark.parametrize(("whole", "entries"), [(True, 60), (False, 20)])
def test_a_pack_opens_checks_and_filters(page: Page, tmp_path: Path, whole: bool, entries: int) -> None:
    seen = watch_console(page)
    told = opened(page, tmp_path, exported_lines(whole=whole))
    assert told.startswith(f"{entries} entries, {'the whole log' if whole else 'a selection'}, as they were recorded")
    assert page.get_by_test_id("row").count() == entries
    page.get_by_test_id("filter-host").fill("HOST-1")
    expect(page.get_by_test_id("row")).to_have_count(entries // 5)
    page.get_by_test_id("row").first.get_by_role("button").press("Enter")
    expect(page.get_by_test_id("detail").first).to_be_visible()
    page.get_by_test_id("filter-until").fill("2020-01-01")
    expect(page.get_by_test_id("count")).to_have_text(f"0 of {entries} entries")
    assert seen == []


def test_what_a_pack_holds_can_be_taken_out_and_checked_by_the_command(page: Page, tmp_path: Path) -> None:
    lines = exported_lines(whole=True)
    opened(page, tmp_path, lines)
    with page.expect_download() as download:
        page.get_by_test_id("save").click()
    saved = tmp_path / "saved.ndjson"
    download.value.save_as(saved)
    assert saved.read_bytes() == b"".join(lines)
    assert commands.verify_file(saved, []).startswith("60 entries, all in order; 60 of them signed; ")


def changed(lines: list[bytes], kind: str) -> list[bytes]:
    place = next(place for place, line in enumerate(lines) if b'"id":32,' in line)
    fields = orjson.loads(lines[place])
    if kind == "edit":
        return [*lines[:place], orjson.dumps({**fields, "actor": "nobody"}) + b"\n", *lines[place + 1 :]]
    if kind == "delete":
        return [*lines[:place], *lines[place + 1 :]]
    if kind == "swap":
        return [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]
    if kind == "signature":
        last = orjson.loads(lines[-1])
        wrong = base64.b64encode(bytes(64)).decode()
        return [*lines[:-1], orjson.dumps({**last, "signature": wrong}) + b"\n"]
    if kind == "head":
        return [line.replace(b"\\n60\\n", b"\\n61\\n") for line in lines]
    return lines[:-3]


@pytest.mark.parametrize("whole", [True, False])
def test_the_viewer_finds_what_the_command_finds(page: Page, tmp_path: Path, whole: bool) -> None:
    for kind in ("edit", "delete", "swap", "signature", "head", "cut"):
        lines = changed(exported_lines(whole=whole), kind)
        told = opened(page, tmp_path, lines)
        assert told.startswith("Do not trust this file: "), (kind, told)
        try:
            verdict = check(lines).verdict
        except ExportError:
            assert "entry" not in told.split(":")[1], (kind, told)
        else:
            assert f"tampered with at entry {verdict.bad_id}: {verdict.problem}" in told, (kind, told)


def test_a_script_in_an_entry_stays_text(page: Page, tmp_path: Path) -> None:
    hostile = "</script><img src=x onerror=\"document.title='run'\">"
    record("session.start", hostile, reason=hostile, hosts=[hostile], detail={hostile: hostile})
    checkpoints.sign_head()
    seen = watch_console(page)
    assert opened(page, tmp_path, exported_lines(whole=True)).startswith("61 entries")
    page.get_by_test_id("row").first.get_by_role("button").click()
    expect(page.get_by_test_id("row").first).to_contain_text(hostile)
    assert (page.title(), page.locator("img").count(), seen) == ("Fleetscope audit", 0, [])


def test_a_script_that_is_not_the_viewer_does_not_run(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    made = b"".join(pack.pack(iter(exported_lines(whole=True)), 60))
    file.write_bytes(made.replace(b"</html>", b"<script>document.title = 'run'</script></html>"))
    seen = watch_console(page)
    page.goto(file.as_uri())
    expect(page.get_by_test_id("verdict")).to_have_attribute("data-state", "good", timeout=WAIT_MS)
    assert page.title() == "Fleetscope audit"
    assert any("Content Security Policy" in text for text in seen), seen


def test_more_than_a_browser_opens_is_refused() -> None:
    with pytest.raises(Conflict, match="100001 entries are more than the 100000"):
        pack.pack(iter(()), 100_001)
