"""Plaintext agreed to in two browsers, each with a passkey, and checked by a real host; one alone breaks the glass."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import plug_in_authenticator, sign_in
from tests.e2e.consenting import signatures_wanted
from tests.e2e.forms import WAIT, form
from tests.e2e.stack import Stack
from tests.workloads import tls
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload

pytestmark = [pytest.mark.kernel, pytest.mark.browser]

PASSWORD = "correct-horse-battery-1"


@dataclass(frozen=True, slots=True)
class Signers:
    """``asks`` may break the glass on the host, ``agrees`` may not."""

    asks: Page
    agrees: Page


def with_passkey(stack: Stack, browser: Browser, name: str) -> tuple[Page, str]:
    """A page of a new person who may start and agree, and the line of their passkey for a host's policy."""
    stack.api("POST", "/api/users", {"username": name, "role": "tracer", "password": PASSWORD}, status=201)
    for role in ("tracer", "approver"):
        terms = {"person": name, "role": role, "team": "default", "risk": "s3", "break_glass": role == "tracer"}
        stack.api("POST", "/api/grants", terms, status=201)
    page = sign_in(browser.new_context(), stack.url, name, PASSWORD)
    plug_in_authenticator(page)
    page.goto(f"{stack.url}/settings")
    page.get_by_test_id("passkey-name").fill("laptop")
    page.get_by_test_id("passkey-add").click()
    expect(page.get_by_test_id("passkey-row")).to_contain_text("laptop", timeout=WAIT)
    owned = json.loads(page.request.get(f"{stack.url}/api/auth/factors").body())
    return page, str(owned["passkeys"][0]["line"])


@pytest.fixture(scope="module")
def signers(stack: Stack, browser: Browser) -> Iterator[Signers]:
    peggy, asks = with_passkey(stack, browser, "peggy")
    quinn, agrees = with_passkey(stack, browser, "quinn")
    lines = [
        *("[approvals]", "needed = 1", 'rp_id = "localhost"', f'origin = "{stack.url}"'),
        *("[people.peggy]", f'keys = ["{asks}"]', f'break_glass = ["{asks}"]'),
        *("[people.quinn]", f'keys = ["{agrees}"]', ""),
    ]
    with signatures_wanted(stack, "\n".join(lines)):
        yield Signers(peggy, quinn)
    for page in (peggy, quinn):
        page.context.close()


def fill(page: Page, stack: Stack, pid: int) -> None:
    form(page, stack, "sslsniff")
    page.get_by_test_id("filter-pid").fill(str(pid))
    page.get_by_test_id("reason").fill("a customer's call")
    expect(page.get_by_test_id("approval-notice")).to_be_visible(timeout=WAIT)


def sign(page: Page) -> str:
    """On the page of a request; its id."""
    page.get_by_test_id("sign-passkey").click(timeout=WAIT)
    expect(page.get_by_test_id("sign-passkey")).to_have_count(0, timeout=WAIT)
    return page.url.rstrip("/").rsplit("/", 1)[1]


def agreed(stack: Stack, signers: Signers, pid: int) -> str:
    """The id of a request that both have signed; the one who asks looks at it."""
    fill(signers.asks, stack, pid)
    signers.asks.get_by_test_id("start-submit").click()
    request = sign(signers.asks)
    expect(signers.asks.get_by_test_id("request-state")).to_have_text(
        "It lacks the agreement of 1 other.", timeout=WAIT
    )
    signers.agrees.goto(f"{stack.url}/requests/{request}")
    expect(signers.agrees.get_by_test_id("specification")).to_contain_text(f'"pid": {pid}', timeout=WAIT)
    sign(signers.agrees)
    expect(signers.asks.get_by_test_id("request-start")).to_be_visible(timeout=WAIT)
    return request


def start(page: Page, request: str) -> None:
    page.get_by_test_id("request-start").click(timeout=WAIT)
    page.wait_for_url(f"**/sessions/{request}", timeout=WAIT)


def review(stack: Stack, page: Page, request: str, name: str) -> None:
    page.goto(f"{stack.url}/requests/{request}")
    page.get_by_test_id("request-words").fill("it was right", timeout=WAIT)
    page.get_by_test_id("request-review").click()
    expect(page.get_by_text(f"Reviewed by {name}")).to_be_visible(timeout=WAIT)


def refusal(stack: Stack, page: Page, request: str) -> str:
    """What the host says to a start that the server lets through."""
    start(page, request)
    (run,) = stack.wait_ended(request, 60)["runs"]
    assert run["state"] == "refused"
    return str(run["end"]["message"])


@contextmanager
def talker(folder: Path) -> Iterator[Workload]:
    program = build("tls.c", folder, "-lssl", "-lcrypto")
    with running(program, *(str(path) for path in tls.certificate(folder)), 3, 1) as talking:
        yield talking


def test_two_passkeys_start_plaintext_on_a_real_host(stack: Stack, signers: Signers, tmp_path: Path) -> None:
    with talker(tmp_path) as talking:
        request = agreed(stack, signers, talking.pid)
        start(signers.asks, request)
        stack.wait_state(request, "attached", 60)
        talking.go()
        talking.finish()
        stack.command("stop", request)
        assert stack.wait_ended(request, 60)["rows"] > 0


@pytest.mark.parametrize(
    ("theft", "refused"),
    [
        ("signature = x''", "1 person besides peggy must have signed who may approve on this host"),
        (
            "signature = (SELECT signature FROM consent_voice WHERE part = 'requester' AND request_id = :request)",
            "1 person besides peggy must have signed",
        ),
        ("signature = altered(signature)", "signature 2 does not count on this host"),
    ],
)
def test_a_host_refuses_what_somebody_with_the_database_made_of_a_signature(
    stack: Stack, signers: Signers, theft: str, refused: str
) -> None:
    request = agreed(stack, signers, os.getpid())
    with closing(sqlite3.connect(stack.data / "server/fleetscope.sqlite3", timeout=60)) as stolen, stolen:
        stolen.create_function("altered", 1, lambda made: made[:-1] + bytes([made[-1] ^ 1]))
        where = "WHERE part = 'approver' AND request_id = :request"
        done = stolen.execute(f"UPDATE consent_voice SET {theft} {where}", {"request": request.replace("-", "")})
        assert done.rowcount == 1
    assert refused in refusal(stack, signers.asks, request)


def break_glass(page: Page, stack: Stack, pid: int) -> str:
    fill(page, stack, pid)
    page.get_by_test_id("break-glass").click()
    expect(page.get_by_test_id("break-glass-reason")).to_contain_text("a customer's call", timeout=WAIT)
    expect(page.get_by_test_id("break-glass-go")).to_be_disabled()
    page.get_by_test_id("break-glass-understood").check()
    page.get_by_test_id("break-glass-go").click()
    return sign(page)


def test_one_person_breaks_the_glass_and_another_reviews_it(stack: Stack, signers: Signers, tmp_path: Path) -> None:
    with talker(tmp_path) as talking:
        request = break_glass(signers.asks, stack, talking.pid)
        start(signers.asks, request)
        stack.wait_state(request, "attached", 60)
        stack.command("stop", request)
        assert stack.wait_ended(request, 60)["runs"][0]["state"] == "ended"
    review(stack, signers.agrees, request, "quinn")


def test_who_may_not_break_the_glass_is_told_before_a_try(stack: Stack, signers: Signers, browser: Browser) -> None:
    stack.api("POST", "/api/users", {"username": "rosalind", "role": None, "password": PASSWORD}, status=201)
    terms = {"person": "rosalind", "role": "tracer", "team": "default", "risk": "s3"}
    stack.api("POST", "/api/grants", terms, status=201)
    page = sign_in(browser.new_context(), stack.url, "rosalind", PASSWORD)
    fill(page, stack, os.getpid())
    expect(page.get_by_test_id("break-glass-refusal")).to_contain_text(
        "session.break_glass needs a grant as tracer in team default that may break the glass, yours may not; ask ",
        timeout=WAIT,
    )
    expect(page.get_by_test_id("break-glass")).to_be_disabled()
    expect(page.get_by_test_id("start-submit")).to_be_enabled()
    page.context.close()


def test_a_key_that_the_host_does_not_list_for_it_breaks_no_glass(stack: Stack, signers: Signers) -> None:
    request = break_glass(signers.agrees, stack, os.getpid())
    message = refusal(stack, signers.agrees, request)
    assert "this host's policy lists no break_glass key of quinn" in message
    review(stack, signers.asks, request, "peggy")
