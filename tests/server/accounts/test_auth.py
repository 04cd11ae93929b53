from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpRequest
from django.test import Client

from server.accounts import tokens
from server.accounts.auth import person
from server.accounts.models import User
from server.errors import NotSignedIn


def test_a_bearer_token_needs_no_csrf_proof(user: Callable[..., User]) -> None:
    token = tokens.mint(user("admin"), "laptop")
    command = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {token}"})
    assert command.post("/api/hosts/token", {}, content_type="application/json").status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer fst1.guess", "Bearer", "Basic YWRtaW46YWRtaW4="])
def test_a_bad_token_is_refused_and_says_what_to_do(header: str) -> None:
    answer = Client().get("/api/auth/me", headers={"authorization": header})
    assert answer.status_code == 401
    assert "fleetscope login" in answer.json()["error"]["message"]


def test_a_bad_token_is_not_saved_by_a_good_cookie(client_of: Callable[[str], Client]) -> None:
    answer = client_of("admin").get("/api/auth/me", headers={"authorization": "Bearer fst1.guess"})
    assert answer.status_code == 401


def test_a_request_without_a_person_has_none() -> None:
    with pytest.raises(NotSignedIn):
        person(HttpRequest())
