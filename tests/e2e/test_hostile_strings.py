"""500 hostile strings in a real browser: what programs do and what people write, in every view and every export.

Nothing runs, nothing is asked of strangers, nothing reaches the clipboard, and nothing reads as something else.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from proto.log_lines import plain
from proto.text import escape, unescape
from tests.e2e.browsing import plug_in_authenticator, rows_total, sign_in
from tests.e2e.hostile_eyes import UNTOUCHED, Eyes, clipboard, fill_clipboard, shown
from tests.e2e.hostile_ground import packed
from tests.e2e.recordings import record
from tests.e2e.stack import ROOT, Stack, eventually, own_stack, plaintext_allowed
from tests.hostile import COUNT, HIDDEN, SCRIPTS, TERMINAL, strings
from tests.workloads import tls
from tests.workloads.spawn import Workload, workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

NAMED = 64  # characters that a token's name may have
PASSWORD = "correct-horse-battery-9"
WAIT = 30_000  # ms
TEXTS = strings()
RAW = [text.encode() for text in TEXTS]
TALK = f"""
for text in json.loads({json.dumps(json.dumps(TEXTS))}):
    client.sendall(text.encode())
    server.recv(65536)
time.sleep(1)
"""
RECORDED = ("strings-top", "strings-histogram", "strings-stacks", "strings-terminal", "strings-tls")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e"}
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0001-\U000e007f]"
)
FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def spelled(data: bytes) -> str:
    """As the browser is to show it."""

    def spell(match: re.Match[str]) -> str:
        code = ord(match[0])
        plain = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        return _SHORT.get(match[0], plain)

    return _HIDDEN.sub(spell, escape(data))


@dataclass
class Ground:
    """A stack with the strings in it; ``sessions`` by tool or by the name of the recording."""

    stack: Stack
    page: Page
    eyes: Eyes
    sessions: dict[str, str]
    busy: Workload

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.stack.url}{path}")
        expect(self.page.get_by_label("Loading")).to_have_count(0, timeout=WAIT)
        return self.page

    def check(self) -> None:
        self.eyes.check(self.page)


@pytest.fixture(scope="module")
def ground(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("hostile")
    texts, files = folder / "texts.json", folder / "files"
    texts.write_text(json.dumps(TEXTS))
    files.mkdir()
    (folder / "stack").mkdir()
    with own_stack(folder / "stack") as stack, workload("hostile_names.py", str(texts), str(files)) as busy:
        stack.api("POST", "/api/users", {"username": "ada", "role": "admin", "password": PASSWORD}, status=201)
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        eyes = Eyes(context, stack.url)
        page = sign_in(context, stack.url, "ada", PASSWORD)
        made = Ground(stack, page, eyes, {}, busy)
        talk(made, folder)
        made.sessions |= {name: record(stack, name) for name in RECORDED}
        fill_clipboard(page)
        yield made
        context.close()


def talk(ground: Ground, folder: Path) -> None:
    """Of a real program, in plain text."""
    with plaintext_allowed(ground.stack), workload("statements.py", tls.before(folder), TALK) as talking:
        session = ground.stack.detach("sslsniff", "--pid", str(talking.pid), "--reason", next(packed(TEXTS, 2000)))
        talking.go()
        talking.finish()
    ground.stack.wait_state(session, "ended", 60)
    ground.sessions["sslsniff"] = session


def fill(ground: Ground) -> None:
    argv = [sys.executable, "-m", "tests.e2e.hostile_ground"]
    subprocess.run(argv, cwd=ROOT, env=ground.stack.env, check=True, timeout=120)


def see(page: Page, column: str, wanted: set[str]) -> None:
    """Pages through the grid, from the top again where it ends, until each has stood in the column."""
    cells = page.locator(f'[data-testid="grid-row"]:not([hidden]) [data-col="{column}"]')
    page.get_by_test_id("session-grid").focus()
    missing, rounds = set(wanted), 0
    while missing:
        assert rounds < 300, (column, missing)
        page.keyboard.press("Home" if rounds % 60 == 0 else "PageDown")
        page.wait_for_timeout(50)
        missing -= set(cells.all_text_contents())
        rounds += 1


def test_names_of_real_programs_files_and_arguments_are_only_shown(ground: Ground) -> None:
    stack, page, busy = ground.stack, ground.page, ground.busy
    reasons = list(packed(TEXTS, 1900))
    opened = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "300s", "--reason", reasons[0])
    started = stack.detach("execsnoop", "--ppid", str(busy.pid), "--duration", "300s", "--reason", reasons[1])
    ground.sessions |= {"opensnoop": opened, "execsnoop": started}
    ground.open(f"/sessions/{opened}")
    busy.go()
    eventually(lambda: rows_total(page) >= COUNT, 60, "every row, live")
    ground.check()
    complete(ground)
    stack.command("stop", opened)
    stack.command("stop", started)
    for session in (opened, started):
        assert stack.wait_state(session, "ended", 60)["books"] == "complete"
    for session, column, wanted in (
        (opened, "path", {spelled(data) for data in RAW}),
        (opened, "comm", {spelled(data[:15]) for data in RAW}),
        (started, "args", {f"/bin/true {spelled(data)}" for data in RAW}),
    ):
        ground.open(f"/sessions/{session}")
        expect(page.get_by_test_id("grid-row").first).to_be_visible(timeout=WAIT)
        see(page, column, wanted)
        ground.check()


def complete(ground: Ground) -> None:
    """What the host offers while a start is typed: the workload is called after the last string now."""
    page = ground.open("/tools/opensnoop/start")
    expect(page.get_by_test_id("start-submit")).to_be_enabled(timeout=WAIT)
    page.get_by_test_id("filter-pid").press_sequentially(str(ground.busy.pid))
    option = page.get_by_test_id("name-option").filter(visible=True, has_text=spelled(RAW[-1][:15]))
    expect(option).to_have_count(1, timeout=WAIT)
    ground.check()


def test_every_kind_of_view_only_shows_them(ground: Ground) -> None:
    page = ground.page
    keys = {spelled(data) for data in RAW}
    for name, selector, least in (
        ("strings-top", '[data-col="file"]', 150),
        ("strings-histogram", '[data-testid="histogram-key"] span:first-child', COUNT),
        ("strings-stacks", '[data-testid="function-row"] button', 50),
    ):
        ground.open(f"/sessions/{ground.sessions[name]}")
        expect(page.locator(selector).first).to_be_visible(timeout=WAIT)
        assert len({text.removeprefix("in ") for text in shown(page, selector)} & keys) >= least, name
        point_at_everything(page)
        every_tab(ground)
    for name, view in (("strings-terminal", "terminal-screen"), ("strings-tls", "messages"), ("sslsniff", "messages")):
        ground.open(f"/sessions/{ground.sessions[name]}")
        expect(page.get_by_test_id(view)).to_be_visible(timeout=WAIT)
        every_tab(ground)
    assert clipboard(page) == UNTOUCHED


def point_at_everything(page: Page) -> None:
    """Hints that follow the pointer over what is drawn."""
    for canvas in page.locator("canvas").all():
        box = canvas.bounding_box()
        if box and box["height"] > 20:
            for place in range(12):
                page.mouse.move(box["x"] + box["width"] * (place + 0.5) / 12, box["y"] + box["height"] * 0.7)


def every_tab(ground: Ground) -> None:
    ground.check()
    for tab in ground.page.get_by_role("tab").all():
        tab.click()
        expect(ground.page.get_by_role("tabpanel")).not_to_be_empty(timeout=WAIT)
        ground.check()


def test_every_page_only_shows_what_people_and_hosts_wrote(ground: Ground) -> None:
    page = ground.page
    fill(ground)
    ground.open("/hosts")
    expect(page.get_by_test_id("host-row")).to_have_count(11, timeout=WAIT)
    labels = " ".join(page.get_by_test_id("host-row").all_text_contents())
    assert [text for text in TEXTS if f"={words(text)}" not in labels] == []
    ground.check()
    for number in range(10):
        ground.open(f"/hosts?host=said-{number}")
        expect(page.get_by_text("What it can trace")).to_be_visible(timeout=WAIT)
        ground.check()
    for path in (
        "/sessions",
        "/requests",
        "/teams",
        "/tools",
        f"/tools/opensnoop/start?again={ground.sessions['sslsniff']}",
    ):
        ground.open(path)
        ground.check()
    for request in ground.stack.api("GET", "/api/requests")["items"][:12]:
        ground.open(f"/requests/{request['id']}")
        ground.check()
    settings(ground)
    audit(ground)
    page.keyboard.press("Control+k")
    page.get_by_label("Command", exact=True).fill("session")
    ground.check()
    assert clipboard(page) == UNTOUCHED


def words(text: str) -> str:
    """As the browser is to show what people write: a backslash is one."""
    return spelled(text.encode()).replace("\\\\", "\\")


def settings(ground: Ground) -> None:
    """Tokens, a passkey, this browser, and all people."""
    page = ground.page
    ground.open("/settings")
    expect(page.get_by_test_id("token-row").first).to_be_visible(timeout=WAIT)
    tokens = " ".join(page.get_by_test_id("token-row").all_text_contents())
    assert [text for text in TEXTS if len(text) <= NAMED and words(text) not in tokens] == []
    plug_in_authenticator(page)
    page.get_by_test_id("passkey-name").fill(HIDDEN[0] + SCRIPTS[2][:50])
    page.get_by_test_id("passkey-add").click()
    expect(page.get_by_test_id("passkey-row")).to_contain_text("\\u202egnp.exe", timeout=WAIT)
    ground.check()


def audit(ground: Ground) -> None:
    page = ground.open("/audit?action=host.refused")
    for _ in range(2):
        more = page.get_by_role("button", name="Older entries")
        if more.is_visible():
            more.click()
    for row in page.get_by_test_id("audit-row").all()[:40]:
        row.get_by_role("button", expanded=False).click()
        ground.check()


@pytest.mark.parametrize(
    "path",
    [
        "/hosts?host={}",
        "/audit?actor={}",
        "/sessions?tool={}",
        "/sessions/{}",
        "/requests/{}",
        "/login/oidc?error={}",
        "/{}",
    ],
)
def test_addresses_and_what_is_said_of_them_are_only_shown(ground: Ground, path: str) -> None:
    for text in (*SCRIPTS[:3], SCRIPTS[6], HIDDEN[0], TERMINAL[0]):
        ground.page.goto(ground.stack.url + path.format(quote(text, safe="")))
        expect(ground.page.locator("#root")).not_to_be_empty(timeout=WAIT)
        ground.check()


def test_what_is_typed_comes_back_as_text(ground: Ground) -> None:
    """Refusals name what they refuse: of a start, of a member, of a sign-in."""
    stack, page = ground.stack, ground.page
    for text in (SCRIPTS[2], HIDDEN[0], TERMINAL[0]):
        ground.open("/tools/opensnoop/start")
        expect(page.get_by_test_id("start-submit")).to_be_enabled(timeout=WAIT)
        page.get_by_test_id("filter-pid").fill("4194000")
        page.get_by_test_id("filter-comm").fill(text)
        page.get_by_test_id("start-submit").click()
        expect(page.get_by_role("alert").first).to_be_visible(timeout=WAIT)
        ground.check()
    stranger = page.context.browser
    assert stranger
    with stranger.new_context() as context:
        eyes = Eyes(context, stack.url)
        page = context.new_page()
        page.goto(stack.url)
        page.get_by_test_id("login-username").fill(SCRIPTS[2])
        page.get_by_test_id("login-password").fill("x")
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_role("alert")).to_be_visible(timeout=WAIT)
        eyes.check(page)


def test_no_export_holds_a_live_formula_and_all_hold_the_strings(ground: Ground, tmp_path: Path) -> None:
    for name, stream, column, width in (
        ("opensnoop", "", "path", 4096),
        ("opensnoop", "", "comm", 15),
        ("execsnoop", "", "args", 4096),
        ("strings-top", "files", "file", 4096),
        ("strings-histogram", "times", "file", 4096),
        ("sslsniff", "data", "data", 4096),
        ("strings-stacks", "stacks", "", 0),
    ):
        files = exported(ground, name, stream, tmp_path)
        cells = list(csv.reader(files["csv"].read_text().splitlines(keepends=True)))
        assert live_formulas(cells) == [], name
        if column:
            wanted = {data[:width] for data in RAW}
            assert wanted - ndjson_values(files["ndjson"], column) == set(), (name, column)
            assert wanted - parquet_values(files["parquet"], column) == set(), (name, column)


def test_no_line_of_a_log_holds_more_than_text(ground: Ground) -> None:
    """A policy that it cannot use makes the agent speak of the strings; the server speaks of what it likes."""
    policy, log = ground.stack.data / "agent/policy.toml", ground.stack.data / "log/agent.log"
    before = policy.read_text()
    for text in (HIDDEN[0], HIDDEN[6], TERMINAL[0], TERMINAL[3]):
        key = "".join(f"\\U{ord(letter):08X}" for letter in text)
        policy.write_text(f'"{key}" = 1\n{before}')
        eventually(partial(said_in, log, f"policy.toml: {plain(text)}: is not known"), 30, key)
    policy.write_text(before)
    for file in (log, log.with_name("server.log")):
        lines = file.read_bytes().decode().split("\n")
        assert len(lines) > 2
        assert [line for line in lines if _HIDDEN.search(line)] == [], file


def said_in(log: Path, said: str) -> bool:
    return said in log.read_text()


def exported(ground: Ground, name: str, stream: str, folder: Path) -> dict[str, Path]:
    chosen = ["--stream", stream] if stream else []
    files = {form: folder / f"{name}.{form}" for form in ("csv", "ndjson", "parquet")}
    for form, path in files.items():
        ground.stack.command("export", ground.sessions[name], *chosen, "--format", form, "-o", str(path))
    return files


def live_formulas(cells: list[list[str]]) -> list[str]:
    return [cell for row in cells for cell in row if FORMULA.match(cell) and not NUMBER.fullmatch(cell)]


def ndjson_values(path: Path, column: str) -> set[bytes]:
    values = [json.loads(line).get(column) for line in path.read_bytes().splitlines()]
    return {unescape(value[-1] if isinstance(value, list) else value) for value in values if value}


def parquet_values(path: Path, column: str) -> set[bytes]:
    values = pq.read_table(path, columns=[column]).column(column).to_pylist()
    return {value.rstrip(b"\0").split(b"\0")[-1] if column == "args" else value for value in values}


def test_the_audit_is_taken_out_as_text(ground: Ground, browser: Browser, tmp_path: Path) -> None:
    stack = ground.stack
    lines = taken(stack, "ndjson").splitlines()
    reasons = " ".join(str(json.loads(line).get("reason", "")) for line in lines)
    assert [text for text in TEXTS if text not in reasons] == []
    pack = tmp_path / "audit.html"
    pack.write_bytes(taken(stack, "pack"))
    with browser.new_context(offline=True) as context:
        eyes = Eyes(context, "file:")
        page = context.new_page()
        page.goto(pack.as_uri())
        expect(page.get_by_test_id("verdict")).to_have_attribute("data-state", "good", timeout=WAIT)
        page.get_by_test_id("filter-action").fill("host.refused")
        for row in page.get_by_test_id("row").all()[:40]:
            row.get_by_role("button").click()
        eyes.check(page)


def taken(stack: Stack, form: str) -> bytes:
    import httpx

    reply = httpx.get(
        f"{stack.url}/api/audit/export?form={form}", headers={"Authorization": f"Bearer {stack.token()}"}, timeout=60
    )
    assert reply.is_success, reply.text
    return reply.content
