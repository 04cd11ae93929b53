from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from server.accounts import factors
from server.accounts.models import User
from tests.server.accounts.authenticator import Authenticator
from tests.server.accounts.signing_in import add_app, add_passkey, answer, code_of, log_in, post
from tests.server.conftest import PASSWORD


def ask_token(**more: str) -> tuple[int, dict[str, str]]:
    reply = post(Client(), "token", {"username": "ann", "password": PASSWORD, **more})
    body = reply.json()  # type: ignore[attr-defined]
    return reply.status_code, body.get("error", body)


def test_the_steps_name_what_comes_next(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    body = {"username": "ann", "password": PASSWORD}
    assert answer(Client(), "login", body)["step"] == "done"
    add_app(log_in("ann"))
    assert answer(Client(), "login", body) == {
        "step": "factor",
        "username": "ann",
        "methods": ["totp", "recovery"],
        "me": None,
    }


def test_the_command_gets_a_token_for_a_password_and_a_code(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    secret, _ = add_app(log_in("ann"))
    status, error = ask_token()
    assert (status, error["code"], error["field"]) == (401, "factor", "code")
    assert ask_token(code="000000")[0] == 401
    status, made = ask_token(code=code_of(secret))
    assert status == 200 and made["token"].startswith("fst1.")


def test_who_has_only_a_passkey_makes_tokens_in_the_browser(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    add_passkey(log_in("ann"), Authenticator())
    ann.recovery_codes.all().delete()
    status, error = ask_token()
    assert (status, "browser's Settings" in error["message"]) == (403, True)


def test_a_demanded_factor_stands_before_tokens_too(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    factors.demand("admin", ["viewer"])
    status, error = ask_token()
    assert (status, "set it up" in error["message"]) == (403, True)


def test_in_the_browser_a_token_needs_a_proof_of_lately_and_no_token(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    browser = log_in("ann")
    add_passkey(browser, Authenticator())
    token = answer(browser, "tokens", {"name": "laptop"})["token"]
    bearer = Client(headers={"authorization": f"Bearer {token}"})
    assert bearer.get("/api/auth/me").json()["username"] == "ann"
    assert post(bearer, "tokens", {"name": "another"}).status_code == 403
    session = browser.session
    del session["confirmed_at"]
    session.save()
    assert post(browser, "tokens", {"name": "another"}).status_code == 428
