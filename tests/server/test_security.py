from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from server.accounts.models import User
from tests.server.conftest import PASSWORD


def test_every_answer_carries_a_strict_policy_with_a_fresh_nonce(client: Client) -> None:
    policies = [client.get("/").headers["Content-Security-Policy"] for _ in range(2)]
    assert policies[0] != policies[1]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self' 'nonce-"):
        assert part in policies[0]
    assert "unsafe" not in policies[0]
    assert policies[0].endswith("require-trusted-types-for 'script'")
    assert client.get("/").headers["X-Frame-Options"] == "DENY"


def addresses(patterns: list[URLPattern | URLResolver], above: str = "/") -> Iterator[str]:
    """One for every route that the server knows."""
    for found in patterns:
        route = str(found.pattern)
        here = above + ("" if isinstance(found.pattern, RegexPattern) else re.sub(r"<[^>]*>", "1", route))
        if isinstance(found, URLResolver):
            yield from addresses(found.url_patterns, here)
        else:
            yield here


@pytest.mark.parametrize("role", ["", "admin"])
def test_every_route_answers_with_the_same_protection(client_of: Callable[[str], Client], role: str) -> None:
    client = client_of(role) if role else Client()
    found = sorted(set(addresses(get_resolver().url_patterns)))
    assert {"/", "/api/auth/login", "/api/sessions/1/rows", "/api/users/1/sign-ins"} <= set(found)
    for address in found:
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, address
        assert "unsafe" not in policy, address
        assert ("require-trusted-types-for" in policy) == (address != "/api/docs"), address
        assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff"), address
        assert headers["Referrer-Policy"] == "same-origin", address
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert headers["Permissions-Policy"], address
        if address.startswith("/api/"):
            assert "no-store" in headers["Cache-Control"], address


def test_answers_of_the_api_are_not_kept(client: Client) -> None:
    assert client.get("/api/health").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:8001", "https://localhost:8000"])
def test_a_foreign_page_cannot_sign_anyone_in(user: Callable[..., User], client: Client, origin: str) -> None:
    body = {"username": user().username, "password": PASSWORD}
    answer = client.post("/api/auth/login", body, content_type="application/json", headers={"origin": origin})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "origin"


def test_an_own_page_may(user: Callable[..., User], client: Client) -> None:
    body = {"username": user().username, "password": PASSWORD}
    own = {"origin": "http://localhost:8000"}
    assert client.post("/api/auth/login", body, content_type="application/json", headers=own).status_code == 200


def test_an_unknown_host_name_is_refused(client: Client) -> None:
    answer = client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "code": "host",
        "message": "the server does not go by the name 'evil.example'; open it at http://localhost:8000, "
        "or set FLEETSCOPE_HTTP on the server to the address that people use",
        "field": None,
    }


@pytest.mark.parametrize("host", ["evil.example", "a b", "x" * 5000, ""])
def test_a_bad_host_name_leaves_nothing_in_the_log(client: Client, caplog: pytest.LogCaptureFixture, host: str) -> None:
    caplog.set_level("DEBUG")
    answer = client.get("/api/health", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "host")
    assert len(answer.content) < 500
    assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]


@pytest.mark.parametrize("address", ["/api/hosts/web%00", "/api/audit?actor=a%00b", "/%00"])
def test_an_address_with_nul_is_refused(client_of: Callable[[str], Client], address: str) -> None:
    answer = client_of("admin").get(address)
    assert answer.status_code == 400
    assert "NUL" in answer.json()["error"]["message"]


@pytest.mark.django_db
def test_a_name_with_nul_is_refused(client: Client) -> None:
    body = {"username": "a\0", "password": "x"}
    assert client.post("/api/auth/login", body, content_type="application/json").status_code == 422
