from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from server.accounts import tokens
from server.accounts.models import User
from tests.server.accounts.signing_in import log_in

OWN = "/api/auth/sign-ins"


def test_the_list_says_which_one_asks(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    here = log_in("ann")
    log_in("ann")
    found = here.get(OWN).json()
    assert sorted(one["current"] for one in found) == [False, True]
    assert {one["address"] for one in found} == {"127.0.0.1"}
    assert str(here.session.session_key) not in str(found)


def test_one_all_others_and_none_left(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    here, there, third = log_in("ann"), log_in("ann"), log_in("ann")
    other = next(one["id"] for one in there.get(OWN).json() if one["current"])
    assert here.delete(f"{OWN}/{other}").status_code == 204
    assert there.get(OWN).status_code == 401
    assert here.delete(f"{OWN}/{other}").status_code == 404
    assert here.delete(OWN).json() == {"ended": 1}
    assert (third.get(OWN).status_code, here.get(OWN).status_code) == (401, 200)


def test_a_token_ends_every_browser(user: Callable[..., User]) -> None:
    token = tokens.mint(user("viewer", "ann"), "laptop")
    browser = log_in("ann")
    command = Client(headers={"authorization": f"Bearer {token}"})
    assert [one["current"] for one in command.get(OWN).json()] == [False]
    assert command.delete(OWN).json() == {"ended": 1}
    assert browser.get(OWN).status_code == 401


def test_an_admin_sees_and_ends_anothers(user: Callable[..., User], client_of: Callable[[str], Client]) -> None:
    user("viewer", "ann")
    ann, admin = log_in("ann"), client_of("admin")
    assert len(admin.get("/api/users/ann/sign-ins").json()) == 1
    assert admin.delete("/api/users/ann/sign-ins").json() == {"ended": 1}
    assert ann.get("/api/auth/me").status_code == 401
    assert admin.get("/api/users/nobody/sign-ins").status_code == 404
