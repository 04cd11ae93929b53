"""Opening over HTTP. What comes of it: test_openings.py; with a real host: tests/e2e/test_opening.py."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from server.accounts.models import User
from server.fleet.models import Host
from server.tracing import session_keys
from tests.server.consent.requests import ADA, armoured
from tests.server.tracing.opened import giving, host_answers, refusing
from tests.server.tracing.rows import EncryptedFrames
from tests.server.tracing.sessions import Traced, encrypted

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def made(user: Callable[..., User]) -> Traced:
    found = encrypted(user("tracer", "ada"))
    found.store(5)
    found.end()
    Host.objects.update(connection="c", last_seen=timezone.now(), approvals_needed=1)
    session_keys.destroy(found.session.pk)
    return found


@pytest.fixture
def browser(made: Traced) -> Client:
    client = Client()
    client.force_login(made.session.created_by, backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(browser: Client, path: str, body: dict[str, Any]) -> Any:
    return browser.post(f"/api/sessions/{path}", body, content_type="application/json")


def test_the_text_comes_first_then_the_signature_opens_the_rows(made: Traced, browser: Client) -> None:
    session, run = made.session.pk, made.runs[0]
    frames = made.frames[0]
    assert isinstance(frames, EncryptedFrames)
    assert browser.get(f"/api/sessions/{session}/rows").json()["error"]["code"] == "rows_locked"
    asked = post(browser, f"{session}/openings", {"reason": "why"})
    assert asked.status_code == 201
    opening = asked.json()
    assert (opening["signed"], json.loads(opening["text"])["reason"]) == (True, "why")
    signature = armoured(ADA, opening["text"].encode()).dict()
    with host_answers(run, giving(run, frames.key)):
        done = post(browser, f"{session}/openings/{opening['id']}", {"signature": signature})
    assert done.json() == {"hosts": [{"host": "host-1", "error": ""}]}
    assert browser.get(f"/api/sessions/{session}").json()["runs"][0]["locked"] is False
    assert browser.get(f"/api/sessions/{session}/rows").status_code == 200


def test_each_host_says_why_not(made: Traced, browser: Client) -> None:
    session = made.session.pk
    opening = post(browser, f"{session}/openings", {"reason": "why"}).json()
    body = {"signature": armoured(ADA, opening["text"].encode()).dict()}
    with host_answers(made.runs[0], refusing("not listed here")):
        done = post(browser, f"{session}/openings/{opening['id']}", body)
    assert (done.status_code, done.json()["hosts"]) == (200, [{"host": "host-1", "error": "not listed here"}])
    again = post(browser, f"{session}/openings/{opening['id']}", body)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "not_found"), "each is used once"


def test_bad_requests_say_what_is_missing(made: Traced, browser: Client) -> None:
    session = made.session.pk
    blank = post(browser, f"{session}/openings", {"reason": " "})
    assert (blank.status_code, blank.json()["error"]["field"]) == (422, "reason")
    opening = post(browser, f"{session}/openings", {"reason": "why"}).json()
    bare = post(browser, f"{session}/openings/{opening['id']}", {})
    assert (bare.status_code, bare.json()["error"]["field"]) == (422, "signature")
    strange = post(browser, f"{uuid.uuid4()}/openings", {"reason": "why"})
    assert strange.status_code == 404
