from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from server import complaints
from tests.server.conftest import PASSWORD

JSON = "application/json"


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"username": 5}, "username", "username is no text; give a text"),
        ({"username": ""}, "username", "username is too short; shortest allowed length: 1"),
        ({"username": "a" * 65}, "username", "username is too long; longest allowed length: 64"),
        (
            {"username": "a b"},
            "username",
            "username holds what is not allowed; it has to match ^[A-Za-z0-9][A-Za-z0-9._@-]*$",
        ),
        ({"role": "root"}, "role", "role is not allowed; choose 'viewer', 'tracer', 'approver', 'auditor' or 'admin'"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    client_of: Callable[[str], Client], change: dict[str, object], field: str, message: str
) -> None:
    body = {"username": "ann", "password": PASSWORD, "role": "viewer", **change}
    answer = client_of("admin").post("/api/users", body, content_type=JSON)
    assert answer.status_code == 422
    assert answer.json()["error"] == {"code": "invalid", "message": message, "field": field}


def test_places_in_the_request_are_named_from_its_inside(client_of: Callable[[str], Client]) -> None:
    browser = client_of("admin")
    assert _message(browser.get("/api/audit?limit=0")) == "limit is too small; allowed is 1 or more"
    assert _message(browser.get("/api/audit?limit=x")) == "limit is no whole number; give one"
    wrong = {"tool": "opensnoop", "filters": {"path": "/"}}
    told = _message(browser.post("/api/sessions", wrong, content_type=JSON))
    assert told == "filters.path is not known; check its spelling or leave it out"
    assert _message(browser.post("/api/users", {}, content_type=JSON)) == "username is missing; give it"
    nul = {"username": "a\0", "password": "x"}
    assert _message(browser.post("/api/auth/login", nul, content_type=JSON)) == (
        "username holds a NUL byte; leave it out"
    )


@pytest.mark.parametrize(
    ("error", "field", "message"),
    [
        ({"type": "missing", "loc": ("body", "body")}, None, "the body of the request is missing; give it"),
        ({"type": "odd", "loc": ("path", "path"), "msg": "two\nlines"}, "path", "path is not valid: two lines"),
        (
            {"type": "too_long", "loc": ("body", "body", "hosts"), "ctx": {"max_length": 3}},
            "hosts",
            "hosts has too many entries; at most 3 are allowed",
        ),
    ],
)
def test_every_complaint_is_one_line(error: dict[str, Any], field: str | None, message: str) -> None:
    told = complaints.invalid(error)
    assert (told.field, told.message) == (field, message)


def _message(answer: Any) -> str:
    assert answer.status_code == 422
    return str(answer.json()["error"]["message"])
