"""What the tests of signing in do again and again."""

from __future__ import annotations

import time
from typing import Any

import pyotp
from django.http import HttpResponse
from django.test import Client

from tests.server.accounts.authenticator import Authenticator
from tests.server.conftest import PASSWORD

JSON = "application/json"


def post(browser: Client, path: str, body: dict[str, Any] | None = None) -> HttpResponse:
    return browser.post(f"/api/auth/{path}", body or {}, content_type=JSON)  # type: ignore[return-value]


def answer(browser: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    reply = browser.post(f"/api/auth/{path}", body or {}, content_type=JSON)
    assert reply.status_code == 200, reply.content
    return reply.json()


def log_in(name: str, password: str = PASSWORD) -> Client:
    """A browser after the first step."""
    browser = Client()
    answer(browser, "login", {"username": name, "password": password})
    return browser


def just_confirmed(browser: Client) -> Client:
    """Whose person proved a moment ago who they are."""
    session = browser.session
    session["confirmed_at"] = time.time()
    session.save()
    return browser


def code_of(secret: str, periods: int = 1) -> str:
    """The app's next code, so that the clock may pass on while the test runs; 0: the one that it shows now."""
    return pyotp.TOTP(secret).at(int(time.time()), counter_offset=periods)


def add_app(browser: Client) -> tuple[str, list[str]]:
    """(secret, recovery codes). Uses up the code that the app shows now."""
    secret = answer(browser, "factors/totp")["secret"]
    return secret, answer(browser, "factors/totp/confirm", {"code": code_of(secret, 0)})["recovery_codes"]


def add_passkey(browser: Client, device: Authenticator, name: str = "laptop") -> list[str]:
    challenge = answer(browser, "factors/passkeys/options")["challenge"]
    body = {"name": name, "credential": device.make(challenge)}
    return list(answer(browser, "factors/passkeys", body)["recovery_codes"])


def signed(browser: Client, device: Authenticator) -> dict[str, Any]:
    """The body of a passkey's answer to the challenge that the server gives now."""
    return {"credential": device.sign(answer(browser, "passkey/options")["challenge"])}
