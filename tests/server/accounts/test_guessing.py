from __future__ import annotations

import datetime
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from django.utils import timezone

from server.accounts import guessing, signin
from server.accounts.models import FailedLogin, KnownPlace, User
from server.accounts.unknown import known_as
from server.audit.models import AuditEntry
from server.errors import NotSignedIn, TooMany
from tests.server.accounts.signing_in import JSON
from tests.server.conftest import PASSWORD, close_connections

HERE = "192.0.2.1"
ELSEWHERE = "192.0.2.2"
TOO_MANY_FOR_NAME = "too many wrong tries for ann; wait a minute, or sign in from an address where"


def guess(name: str, address: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            signin.check_password(name, "wrong", address)


def enter(name: str, address: str) -> None:
    guessing.succeeded(signin.check_password(name, PASSWORD, address), address)


def guess_from_everywhere(name: str) -> None:
    for number in range(guessing.MAX_PER_NAME):
        guess(name, f"198.51.100.{number}", 1)


def test_guessing_is_slowed_down_even_with_the_right_password_at_last(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    guess("ann", HERE, guessing.MAX_PER_PAIR)
    with pytest.raises(TooMany, match="for ann from your address; wait a minute"):
        signin.check_password("ann", PASSWORD, HERE)
    FailedLogin.objects.update(at=timezone.now() - guessing.WINDOW)
    assert signin.check_password("ann", PASSWORD, HERE).username == "ann"


def test_who_guesses_locks_out_nobody_at_another_address(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    guess("ann", HERE, guessing.MAX_PER_PAIR)
    assert signin.check_password("ann", PASSWORD, ELSEWHERE).username == "ann"


def test_guessing_many_names_from_one_address_is_slowed_down(user: Callable[..., User]) -> None:
    for number in range(guessing.MAX_PER_PLACE):
        guess(f"name-{number}", HERE, 1)
    with pytest.raises(TooMany, match="wrong tries from your address"):
        signin.check_password("another", "wrong", HERE)
    user("viewer", "ann")
    assert signin.check_password("ann", PASSWORD, ELSEWHERE)


def test_guessing_one_name_from_many_addresses_is_slowed_down(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    guess_from_everywhere("ann")
    with pytest.raises(TooMany, match=TOO_MANY_FOR_NAME):
        signin.check_password("ann", PASSWORD, HERE)
    guess("bob", HERE, 1)


def test_nobody_else_locks_a_person_out_where_they_signed_in(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    enter("ann", HERE)
    guess_from_everywhere("ann")
    for number in range(guessing.MAX_PER_PLACE):
        guess(f"name-{number}", HERE, 1)
    guess("ann", HERE, guessing.MAX_PER_PAIR)
    assert signin.check_password("ann", PASSWORD, HERE).username == "ann"


def test_a_known_address_gives_no_endless_guesses(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    user("admin", "root")
    enter("ann", HERE)
    guess("ann", HERE, guessing.MAX_PER_KNOWN_PAIR)
    with pytest.raises(TooMany):
        signin.check_password("ann", PASSWORD, HERE)
    with pytest.raises(TooMany):  # known for ann, not for everybody
        signin.check_password("root", PASSWORD, HERE)


def test_an_address_is_known_for_a_while(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    user("viewer", "bob")
    enter("ann", HERE)
    enter("ann", HERE)
    assert KnownPlace.objects.count() == 1
    KnownPlace.objects.update(at=timezone.now() - guessing.KNOWN_FOR - datetime.timedelta(seconds=1))
    guess_from_everywhere("ann")
    with pytest.raises(TooMany, match=TOO_MANY_FOR_NAME):
        signin.check_password("ann", PASSWORD, HERE)
    enter("bob", ELSEWHERE)
    assert [str(place) for place in KnownPlace.objects.all()] == [f"bob from {ELSEWHERE}"]


def test_refusals_are_on_the_record_once_a_minute_for_each_pair(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    for address in (HERE, ELSEWHERE):
        guess("ann", address, guessing.MAX_PER_PAIR)
        for name in ("ann", "Ann", "ANN"):
            with pytest.raises(TooMany):
                signin.check_password(name, PASSWORD, address)
    entries = AuditEntry.objects.filter(action="account.limit").order_by("id")
    told = [(entry.actor, entry.outcome, entry.detail) for entry in entries]
    assert told == [
        ("ann", "refused", {"address": address, "place": address, "limit": "pair"}) for address in (HERE, ELSEWHERE)
    ]


def test_an_address_that_tries_one_name_after_the_other_does_not_flood_the_record(db: None) -> None:
    for number in range(guessing.MAX_PER_PLACE):
        guess(f"name-{number}", HERE, 1)
    for number in range(10):
        with pytest.raises(TooMany):
            signin.check_password(f"other-{number}", "wrong", HERE)
    assert AuditEntry.objects.get(action="account.limit").actor == known_as(None, "other-0")


def test_tries_at_the_same_moment_are_no_more_than_one_after_the_other(
    committed: None, user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    user("viewer", "ann")
    tries = 12
    monkeypatch.setattr(User, "check_password", lambda *_: time.sleep(1))
    threads = ThreadPoolExecutor(tries)

    def wrong(_: int) -> type[Exception] | None:
        try:
            signin.check_password("ann", "wrong", HERE)
        except (NotSignedIn, TooMany) as error:
            return type(error)
        return None

    outcomes = Counter(threads.map(wrong, range(tries)))
    close_connections(threads)
    assert set(outcomes) == {NotSignedIn, TooMany}
    assert 1 <= outcomes[NotSignedIn] <= guessing.MAX_PER_PAIR
    assert FailedLogin.objects.count() == outcomes[NotSignedIn]


def test_a_right_password_is_given_back(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    for _ in range(guessing.MAX_PER_PAIR + 1):
        signin.check_password("ann", PASSWORD, HERE)
    assert not FailedLogin.objects.exists()


def test_behind_a_proxy_without_a_name_the_refusal_says_what_to_do(user: Callable[..., User]) -> None:
    body = {"username": "ann", "password": "wrong"}
    ask = [
        Client(headers={"x-forwarded-for": f"192.0.2.{number}"}).post("/api/auth/login", body, JSON)
        for number in range(guessing.MAX_PER_PAIR + 1)
    ]
    assert "an admin has to name it in FLEETSCOPE_PROXIES" in ask[-1].json()["error"]["message"]
    assert AuditEntry.objects.get(action="account.limit").detail["via"]["unnamed_proxy"] == 1


def test_the_refusal_is_a_429(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    body = {"username": "ann", "password": "wrong"}
    answers = [
        Client().post("/api/auth/login", body, content_type="application/json")
        for _ in range(guessing.MAX_PER_PAIR + 1)
    ]
    assert [answer.status_code for answer in answers] == [401] * guessing.MAX_PER_PAIR + [429]
    assert answers[-1].json()["error"]["code"] == "too_many"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a proxy's socket", "a proxy's socket"),
    ],
)
def test_one_guesser_has_one_place(address: str, place: str) -> None:
    assert guessing.place(address) == place
