from __future__ import annotations

from collections.abc import Callable

from server.accounts import tokens
from server.accounts.models import ApiToken, User


def test_a_token_is_its_owners_and_not_stored(user: Callable[..., User]) -> None:
    person = user("tracer")
    token = tokens.mint(person, "laptop")
    assert tokens.owner(token) == person
    stored = ApiToken.objects.get()
    assert token not in (stored.digest, stored.name)
    assert stored.last_used_at is not None


def test_a_second_token_of_the_name_replaces_the_first(user: Callable[..., User]) -> None:
    person = user("tracer")
    first, second = tokens.mint(person, "laptop"), tokens.mint(person, "laptop")
    assert tokens.owner(first) is None
    assert tokens.owner(second) == person


def test_the_token_of_an_inactive_person_opens_nothing(user: Callable[..., User]) -> None:
    person = user("tracer")
    token = tokens.mint(person, "laptop")
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert tokens.owner(token) is None
    assert tokens.owner("fst1.guess") is None
