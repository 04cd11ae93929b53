from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.test import Client

from server.accounts import codes, factors, steps
from server.accounts.models import User
from server.audit.models import AuditEntry
from tests.server.accounts.authenticator import Authenticator
from tests.server.accounts.signing_in import add_app, add_passkey, answer, code_of, log_in, post, signed


@pytest.fixture
def ann(user: Callable[..., User]) -> User:
    return user("viewer", "ann")


def is_in(browser: Client) -> bool:
    return browser.get("/api/auth/me").status_code == 200


def test_the_password_alone_is_half_a_sign_in(ann: User) -> None:
    secret, _ = add_app(log_in("ann"))
    browser = log_in("ann")
    assert not is_in(browser)
    assert browser.get("/api/auth/factors").status_code == 401
    assert post(browser, "factors/totp").status_code == 401
    assert post(browser, "login/code", {"code": "000000"}).status_code == 401
    done = answer(browser, "login/code", {"code": code_of(secret)})
    assert (done["step"], done["me"]["username"], is_in(browser)) == ("done", "ann", True)
    entries = AuditEntry.objects.filter(action="account.login").order_by("id")
    told = [(entry.outcome, {name: fact for name, fact in entry.detail.items() if name != "via"}) for entry in entries]
    here = {"address": "127.0.0.1"}
    assert told[1:] == [
        ("asked", here | {"how": "password", "for": "factor"}),
        ("refused", here | {"how": "code"}),
        ("done", here | {"how": "password+totp"}),
    ]


def test_a_recovery_code_stands_in_once(ann: User) -> None:
    _, recovery = add_app(log_in("ann"))
    assert answer(log_in("ann"), "login/code", {"code": recovery[3]})["step"] == "done"
    assert post(log_in("ann"), "login/code", {"code": recovery[3]}).status_code == 401


def test_half_a_sign_in_ends(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = add_app(log_in("ann"))
    browser = log_in("ann")
    monkeypatch.setattr(steps, "PENDING_SECONDS", -1)
    late = post(browser, "login/code", {"code": code_of(secret)})
    assert (late.status_code, "start again" in late.content.decode()) == (401, True)
    assert post(Client(), "login/code", {"code": code_of(secret)}).status_code == 401


def test_many_wrong_codes_lock_the_code_and_not_the_passkey(ann: User) -> None:
    browser, device = log_in("ann"), Authenticator()
    secret, _ = add_app(browser)
    add_passkey(browser, device)
    half = log_in("ann")
    answers = [post(half, "login/code", {"code": "1"}).status_code for _ in range(codes.FREE_FAILURES)]
    locked = post(half, "login/code", {"code": code_of(secret)})
    assert (answers, locked.status_code) == ([401] * codes.FREE_FAILURES, 429)
    assert AuditEntry.objects.get(action="account.limit").detail["limit"] == "code"
    assert answer(half, "login/passkey", signed(half, device))["step"] == "done"


def test_a_passkey_alone_signs_in_and_its_challenge_works_once(ann: User) -> None:
    device = Authenticator()
    add_passkey(log_in("ann"), device)
    browser = Client()
    body = signed(browser, device)
    assert answer(browser, "login/passkey", body)["me"]["username"] == "ann"
    assert AuditEntry.objects.filter(action="account.login").latest("id").detail["how"] == "passkey"
    replayed = post(browser, "login/passkey", body)
    assert (replayed.status_code, "too long ago" in replayed.content.decode()) == (401, True)
    assert post(Client(), "login/passkey", body).status_code == 401


def test_a_passkey_of_another_person_is_no_second_factor(ann: User, user: Callable[..., User]) -> None:
    user("viewer", "bob")
    anns, bobs = Authenticator(), Authenticator()
    add_passkey(log_in("ann"), anns)
    add_passkey(log_in("bob"), bobs)
    half = log_in("ann")
    options = answer(half, "passkey/options")
    assert len(options["allowCredentials"]) == 1
    assert post(half, "login/passkey", {"credential": bobs.sign(options["challenge"])}).status_code == 401
    assert not is_in(half)
    assert answer(half, "login/passkey", signed(half, anns))["me"]["username"] == "ann"


def test_an_unknown_passkey_and_a_person_made_inactive_are_refused(ann: User) -> None:
    device = Authenticator()
    add_passkey(log_in("ann"), device)
    for _ in range(2):
        browser = Client()
        assert post(browser, "login/passkey", signed(browser, Authenticator())).status_code == 401
    User.objects.update(is_active=False)
    assert post(browser, "login/passkey", signed(browser, device)).status_code == 401


def test_a_challenge_grows_old(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Authenticator()
    add_passkey(log_in("ann"), device)
    browser = Client()
    body = signed(browser, device)
    monkeypatch.setattr(steps, "CHALLENGE_SECONDS", -1)
    assert post(browser, "login/passkey", body).status_code == 401


def test_a_demanded_factor_is_set_up_before_anything_opens(ann: User) -> None:
    factors.demand("admin", ["viewer"])
    browser = Client()
    body = {"username": "ann", "password": "correct horse battery"}
    assert answer(browser, "login", body)["step"] == "enrol"
    assert not is_in(browser)
    assert post(browser, "login/enrolled").status_code == 403
    add_app(browser)
    assert answer(browser, "login/enrolled")["step"] == "done"
    assert is_in(browser)


def test_signing_in_changes_the_sessions_key(ann: User) -> None:
    browser, keys = Client(), []
    answer(browser, "passkey/options")
    keys.append(browser.session.session_key)
    add_app(log_in("ann"))
    factors_before = browser.cookies["fleetscope_session_8000"].value
    answer(browser, "login", {"username": "ann", "password": "correct horse battery"})
    keys.append(browser.session.session_key)
    factors.reset("server console", "ann")
    answer(browser, "login", {"username": "ann", "password": "correct horse battery"})
    keys.append(browser.session.session_key)
    assert len(set(keys)) == 3
    browser.cookies["fleetscope_session_8000"] = factors_before
    assert not is_in(browser)


def test_changes_need_a_proof_of_lately(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = log_in("ann")
    monkeypatch.setattr(steps, "FRESH_SECONDS", 0)
    refused = post(browser, "factors/totp")
    assert (refused.status_code, refused.json()["error"]["code"]) == (428, "confirm")  # type: ignore[attr-defined]
    monkeypatch.setattr(steps, "FRESH_SECONDS", 900)
    later = time.time() + 1000
    monkeypatch.setattr(time, "time", lambda: later)
    assert post(browser, "factors/totp").status_code == 428
    assert post(browser, "confirm", {"password": "wrong"}).status_code == 422
    assert post(browser, "confirm", {"password": "correct horse battery"}).status_code == 204
    assert post(browser, "factors/totp").status_code == 200


def test_who_has_a_factor_confirms_with_it(ann: User) -> None:
    browser, device = log_in("ann"), Authenticator()
    secret, _ = add_app(browser)
    add_passkey(browser, device)
    assert post(browser, "confirm", {"password": "correct horse battery"}).status_code == 403
    assert post(browser, "confirm/code", {"code": code_of(secret)}).status_code == 204
    assert post(browser, "confirm/code", {"code": code_of(secret)}).status_code == 401
    assert post(browser, "confirm/passkey", signed(browser, device)).status_code == 204
    hows = AuditEntry.objects.filter(action="account.confirm").order_by("id").values_list("detail__how", flat=True)
    assert list(hows) == ["code", "passkey"]
