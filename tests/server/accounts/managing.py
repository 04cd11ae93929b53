"""What an admin does in the matrix's world about their own account and the colleague's."""

from __future__ import annotations

from typing import cast

from django.http import HttpResponse
from django.test import Client

RESET = ("account.login", "user.reset_factors")


def begin_passkey(browser: Client) -> HttpResponse:
    return cast(HttpResponse, browser.post("/api/auth/factors/passkeys/options"))


def make_inactive(browser: Client) -> HttpResponse:
    reply = browser.patch("/api/users/colleague", {"active": False}, content_type="application/json")
    return cast(HttpResponse, reply)


def reset_factors(browser: Client) -> HttpResponse:
    return cast(HttpResponse, browser.post("/api/users/colleague/reset-factors"))
