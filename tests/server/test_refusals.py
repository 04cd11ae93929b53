from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from django.core.exceptions import SuspiciousOperation
from django.http import StreamingHttpResponse
from django.test import Client, RequestFactory

from server.refusals import MethodAnswer


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


@pytest.mark.parametrize(("path", "status"), [("/api/health", 200), ("/api/nothing", 404), ("/api/auth/login", 405)])
def test_head_is_the_head_of_what_get_gives(client: Client, path: str, status: int) -> None:
    got, head = client.get(path), client.head(path)
    assert (got.status_code, head.status_code, head.content) == (status, status, b"")
    kept = ("Content-Type", "Content-Length", "Allow")
    assert [head.headers.get(name) for name in kept] == [got.headers.get(name) for name in kept]


def test_head_does_not_wait_for_what_is_sent_bit_by_bit(rf: RequestFactory) -> None:
    endless = StreamingHttpResponse(itertools.repeat(b"row\n"), content_type="application/x-ndjson")
    head = MethodAnswer(lambda _: endless)(rf.head("/api/sessions/1/rows"))
    assert isinstance(head, StreamingHttpResponse)
    assert (head.headers["Content-Type"], list(head)) == ("application/x-ndjson", [])


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
