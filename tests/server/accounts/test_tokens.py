from __future__ import annotations

import datetime
from collections.abc import Callable
from unittest import mock

import pytest
from django.db import OperationalError
from django.db.models import F, QuerySet
from django.utils import timezone

from server.accounts import tokens
from server.accounts.models import ApiToken, Risk, Scope, User
from server.accounts.tokens import Reach
from server.errors import Invalid


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


def test_an_expired_token_opens_nothing(user: Callable[..., User]) -> None:
    token = tokens.mint(user("tracer"), "laptop", days=1)
    assert tokens.owner(token) is not None
    ApiToken.objects.update(expires_at=timezone.now())
    assert tokens.owner(token) is None


def test_a_full_disk_does_not_stop_who_looks(user: Callable[..., User]) -> None:
    person = user("tracer")
    token = tokens.mint(person, "laptop")
    with mock.patch.object(QuerySet, "update", side_effect=OperationalError("database or disk is full")) as write:
        assert tokens.owner(token) == person
    assert write.called


def test_the_last_use_is_kept_once_a_minute(user: Callable[..., User]) -> None:
    token = tokens.mint(user("tracer"), "laptop")
    tokens.owner(token)
    with mock.patch.object(QuerySet, "update") as write:
        tokens.owner(token)
    assert not write.called


def test_a_token_is_good_for_everything_unless_it_is_bounded(user: Callable[..., User]) -> None:
    person = user("tracer")
    tokens.mint(person, "laptop")
    tokens.mint(person, "report", reach=Reach(Scope.READ, Risk.S1))
    assert set(ApiToken.objects.values_list("name", "scope", "risk")) == {("laptop", "all", 3), ("report", "read", 1)}


def test_a_class_bounds_no_token_that_administers() -> None:
    for scope in ("all", "people"):
        with pytest.raises(Invalid, match="read or trace"):
            Reach.named(scope, "s2")


def test_one_that_makes_people_ends_after_a_day(user: Callable[..., User]) -> None:
    person, people = user("admin"), Reach(Scope.PEOPLE)
    with pytest.raises(Invalid, match="ends after 1 day"):
        tokens.mint(person, "hiring", 2, people)
    tokens.mint(person, "hiring", 1, people)
    ApiToken.objects.update(expires_at=F("expires_at") - datetime.timedelta(days=1))
    assert not tokens.valid().exists()
