from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.test import Client

from server.accounts.models import User
from server.api import api

# Of the others that need no one, /api/auth/login/..., each ends with 401 without the step before it.
OPEN = {
    "/api/health",
    "/api/auth/login",
    "/api/auth/login/code",
    "/api/auth/login/passkey",
    "/api/auth/token",
    "/api/auth/passkey/options",
    "/api/auth/oidc",
    "/api/auth/oidc/begin",
    "/api/auth/oidc/finish",
}


def test_health_needs_no_one(client: Client) -> None:
    assert client.get("/api/health").json() == {"ok": True}


@pytest.mark.django_db
def test_everything_else_needs_somebody(client: Client) -> None:
    for path, operations in api.get_openapi_schema()["paths"].items():
        for verb in operations if path not in OPEN else ():
            answer = client.generic(verb.upper(), path.replace("{", "").replace("}", ""), "{}")
            assert answer.status_code == 401, (verb, path, answer.content)
            assert answer.json()["error"]["code"] == "not_signed_in"


def test_an_unknown_field_is_named(client_of: Callable[[str], Client]) -> None:
    body = {"tool": "opensnoop", "filters": {"pdi": 1}}
    answer = client_of("tracer").post("/api/sessions", body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "filters.pdi"


def test_what_is_no_json_is_a_one_line_error(client_of: Callable[[str], Client]) -> None:
    answer = client_of("tracer").post("/api/sessions", "{", content_type="application/json")
    assert answer.status_code == 400
    assert "\n" not in answer.json()["error"]["message"]


def test_a_failure_of_the_server_says_where_to_look(
    client_of: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = client_of("viewer")
    monkeypatch.setattr("server.accounts.schemas.me", lambda _user: 1 / 0)
    answer = browser.get("/api/auth/me")
    assert answer.status_code == 500
    assert answer.json()["error"] == {
        "code": "internal",
        "message": "the server failed at this request (ZeroDivisionError); its log says more",
        "field": None,
    }


def test_a_missing_csrf_proof_is_refused(user: Callable[..., User]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user("admin"), backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post("/api/hosts/token", {}, content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["error"]["message"]
    browser.get("/")
    proof = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.post("/api/hosts/token", {}, content_type="application/json", headers=proof).status_code == 201
    form = browser.post("/api/hosts/token", {"host_name": "web-1"}, headers=proof)
    assert (form.status_code, "not a form" in form.json()["error"]["message"]) == (422, True)


def test_a_database_that_fails_is_told_in_one_line_with_what_to_do(
    client_of: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("database or\ndisk is full")

    client = client_of("admin")
    monkeypatch.setattr("server.tracing.api.start", full)
    answer = client.post("/api/sessions", {"tool": "opensnoop"}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_unavailable")
    message = answer.json()["error"]["message"]
    assert "nothing was changed: database or disk is full; check it" in message
