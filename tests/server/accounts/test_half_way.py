from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from server.accounts import half_way
from server.accounts.browsers import SignIn
from server.accounts.models import User
from tests.server.accounts.oidc import lying_provider
from tests.server.accounts.signing_in import JSON, post


def begun(address: str = "192.0.2.1", browser: Client | None = None) -> int:
    return (browser or Client()).post("/api/auth/passkey/options", {}, JSON, REMOTE_ADDR=address).status_code


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(half_way, "MOST_FROM_A_PLACE", 3)
    monkeypatch.setattr(half_way, "MOST", 5)


def test_an_address_begins_only_so_many(few: None) -> None:
    assert [begun() for _ in range(5)] == [200, 200, 200, 429, 429]
    assert SignIn.objects.count() == 3
    assert begun("192.0.2.2") == 200


def test_all_addresses_together_begin_only_so_many(few: None) -> None:
    assert [begun(f"192.0.2.{number}") for number in range(6)] == [200] * 5 + [429]


def test_one_browser_begins_as_often_as_it_likes(few: None) -> None:
    browser = Client()
    assert {begun(browser=browser) for _ in range(6)} == {200}
    assert SignIn.objects.count() == 1


def test_what_has_expired_makes_room_and_goes(few: None) -> None:
    for _ in range(3):
        begun()
    SignIn.objects.update(expire_date="2020-01-01T00:00:00Z")
    assert begun() == 200
    assert SignIn.objects.count() == 1


def test_who_is_signed_in_is_not_counted(few: None, client_of: Callable[[str], Client]) -> None:
    for _ in range(3):
        begun()
    admin = client_of("admin")
    assert begun(browser=admin) == 200
    assert SignIn.objects.get(user__isnull=False).user == User.objects.get()


def test_the_way_to_a_provider_is_counted_too(few: None, server_keys: None) -> None:
    with lying_provider():
        assert [post(Client(), "oidc/begin").status_code for _ in range(4)] == [200, 200, 200, 429]
