from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

from server.accounts import signin, tokens
from server.accounts.browsers import SessionStore, SignIn
from server.accounts.models import User
from server.audit.models import AuditEntry
from tests.server.accounts.signing_in import just_confirmed
from tests.server.conftest import PASSWORD

JSON = "application/json"


def test_sign_in_look_sign_out(user: Callable[..., User]) -> None:
    user("tracer", "ann")
    browser = Client()
    wrong = browser.post("/api/auth/login", {"username": "ann", "password": "no"}, content_type=JSON)
    assert wrong.status_code == 401
    signed_in = browser.post("/api/auth/login", {"username": "ann", "password": PASSWORD}, content_type=JSON)
    assert signed_in.json()["me"]["can"]["start"]
    cookie = browser.cookies["fleetscope_session_8000"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert browser.get("/api/auth/me").json()["username"] == "ann"
    assert browser.post("/api/auth/logout").status_code == 204
    assert browser.get("/api/auth/me").status_code == 401


def test_after_the_one_time_password_an_own_one_can_be_set_and_the_browser_stays_signed_in(
    server_keys: None, db: None
) -> None:
    made = signin.one_time_password()
    assert made is not None
    browser = Client()
    me = browser.post("/api/auth/login", {"username": made[0], "password": made[1]}, content_type=JSON).json()["me"]
    assert me["one_time"]
    own = browser.post("/api/auth/password", {"password": PASSWORD}, content_type=JSON)
    assert own.json()["one_time"] is False
    assert browser.get("/api/auth/me").json() == own.json()
    again = Client().post("/api/auth/login", {"username": made[0], "password": PASSWORD}, content_type=JSON)
    assert again.status_code == 200


def test_a_changed_password_ends_other_browsers(user: Callable[..., User], client_of: Callable[[str], Client]) -> None:
    admin = just_confirmed(client_of("admin"))
    user("viewer", "ann")
    ann = Client()
    ann.post("/api/auth/login", {"username": "ann", "password": PASSWORD}, content_type=JSON)
    admin.patch("/api/users/ann", {"password": "quite another secret"}, content_type=JSON)
    assert ann.get("/api/auth/me").status_code == 401


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("PATCH", "/api/users/ann", {"password": "quite another secret"}),
        ("PATCH", "/api/users/ann", {"active": False}),
        ("POST", "/api/users/ann/reset-factors", {}),
    ],
)
def test_how_others_sign_in_changes_only_in_a_browser_that_proved_lately_whose_it_is(
    user: Callable[..., User], client_of: Callable[[str], Client], verb: str, path: str, body: dict[str, object]
) -> None:
    admin, ann = client_of("admin"), user("viewer", "ann")
    kept = tokens.mint(ann, "laptop")
    leaked = tokens.mint(User.objects.get(username="admin"), "report")
    command = Client(headers={"authorization": f"Bearer {leaked}"})
    by_token = command.generic(verb, path, json.dumps(body), JSON)
    assert by_token.status_code == 403
    assert "an API token cannot change how anybody signs in" in by_token.json()["error"]["message"]
    assert admin.generic(verb, path, json.dumps(body), JSON).status_code == 428
    assert tokens.owner(kept) == ann
    assert just_confirmed(admin).generic(verb, path, json.dumps(body), JSON).status_code == 200
    assert tokens.owner(kept) is None
    assert AuditEntry.objects.get(action__startswith="user.").detail["tokens"] == 1


def test_the_command_gets_a_token_for_a_password(user: Callable[..., User]) -> None:
    user("tracer", "ann")
    body = {"username": "ann", "password": PASSWORD, "name": "laptop"}
    token = Client().post("/api/auth/token", body, content_type=JSON).json()["token"]
    me = Client().get("/api/auth/me", headers={"authorization": f"Bearer {token}"})
    assert me.json()["username"] == "ann"


def test_admins_manage_people_and_others_do_not(client_of: Callable[[str], Client]) -> None:
    admin, tracer = just_confirmed(client_of("admin")), client_of("tracer")
    body = {"username": "ann", "password": PASSWORD, "role": "viewer"}
    assert tracer.post("/api/users", body, content_type=JSON).status_code == 403
    assert tracer.get("/api/users").status_code == 403
    assert admin.post("/api/users", body, content_type=JSON).status_code == 201
    assert admin.post("/api/users", body, content_type=JSON).status_code == 409
    changed = admin.patch("/api/users/ann", {"active": False}, content_type=JSON).json()
    assert (changed["role"], changed["active"]) == ("viewer", False)
    assert [person["username"] for person in admin.get("/api/users").json()] == ["admin", "ann", "tracer"]


def test_signing_out_with_a_token_ends_the_token(user: Callable[..., User]) -> None:
    token = tokens.mint(user("tracer", "ann"), "laptop")
    command = Client(headers={"authorization": f"Bearer {token}"})
    assert command.post("/api/auth/logout").status_code == 204
    assert command.get("/api/auth/me").status_code == 401


def test_signing_in_sweeps_what_has_expired(user: Callable[..., User]) -> None:
    user("tracer", "ann")
    old = SessionStore()
    old.set_expiry(-1)
    old.create()
    Client().post("/api/auth/login", {"username": "ann", "password": PASSWORD}, content_type=JSON)
    assert SignIn.objects.count() == 1
