from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/health/", "/static/nothing.js", "/ws/nothing"])
def test_what_is_not_there_is_named(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    message = f"there is nothing at {path}; /api/docs lists what there is"
    assert answer.json() == {"error": {"code": "not_found", "message": message, "field": None}}
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("POST", "/api/health", ["GET"]), ("DELETE", "/api/users", ["GET", "POST"]), ("GET", "/api/auth/login", ["POST"])],
)
def test_a_wrong_method_is_told_the_right_ones(client: Client, method: str, path: str, allowed: list[str]) -> None:
    answer = client.generic(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, ", ".join(allowed))
    message = f"{path} does not take {method}; use {' or '.join(allowed)}"
    assert answer.json() == {"error": {"code": "method", "message": message, "field": None}}


def test_a_long_address_is_not_echoed_whole(client: Client) -> None:
    assert len(client.get("/api/" + "x" * 5000).json()["error"]["message"]) < 300


@pytest.mark.parametrize(
    ("failure", "status", "code", "says"),
    [(SuspiciousOperation("odd"), 400, "bad_request", "SuspiciousOperation"), (OSError("odd"), 500, "internal", "log")],
)
def test_a_failure_outside_every_operation_has_the_shape_of_the_others(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, status: int, code: str, says: str
) -> None:
    monkeypatch.setattr("server.web.get_token", _raising(failure))
    answer = Client(raise_request_exception=False).get("/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert says in answer.json()["error"]["message"]
    assert "odd" not in answer.content.decode()


def _raising(failure: Exception) -> Callable[[object], None]:
    def fail(_request: object) -> None:
        raise failure

    return fail
