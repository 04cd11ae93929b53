from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from server.accounts import people, tokens
from server.accounts.models import ApiToken, User
from server.audit.models import AuditEntry
from server.errors import Conflict, Invalid, NotFound
from tests.server.conftest import PASSWORD


def test_adding_and_changing_a_person_is_on_the_record(user: Callable[..., User]) -> None:
    user("admin")
    people.add("admin", "ann", PASSWORD)
    people.change("admin", "ann", active=None, password="quite another secret")
    assert User.objects.get(username="ann").check_password("quite another secret")
    actions = list(AuditEntry.objects.order_by("id").values_list("action", "detail__user"))
    assert actions == [("user.add", "ann"), ("user.change", "ann")]


def test_a_name_is_taken_once(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    with pytest.raises(Conflict, match="there is a user ann already"):
        people.add("admin", "ann", PASSWORD)
    with pytest.raises(Conflict, match="there is a user ann already, and case tells no names apart"):
        people.add("admin", "Ann", PASSWORD)
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["", "-ann", "änne", "ann b", "ann\n", "a" * 65])
@pytest.mark.django_db
def test_a_name_is_of_plain_characters(name: str) -> None:
    with pytest.raises(Invalid, match="a user name is 1 to 64"):
        people.add("admin", name, PASSWORD)


def test_the_database_itself_holds_a_name_once(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    with pytest.raises(IntegrityError), transaction.atomic():
        user("viewer", "ANN")


def test_a_person_is_changed_by_the_name_in_any_case(user: Callable[..., User]) -> None:
    user("admin")
    user("viewer", "ann")
    people.change("admin", "ANN", active=False, password=None)
    assert not User.objects.get(username="ann").is_active
    assert AuditEntry.objects.get().detail["user"] == "ann"


def test_a_person_is_renamed_on_the_record(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    user("viewer", "bob")
    with pytest.raises(Conflict, match="there is a user bob already"):
        people.rename("server console", "ann", "Bob")
    with pytest.raises(NotFound, match="no user ANN; write the name in its exact case"):
        people.rename("server console", "ANN", "eve")
    people.rename("server console", "ann", "Ann")
    assert sorted(User.objects.values_list("username", flat=True)) == ["Ann", "bob"]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.detail) == ("user.rename", {"user": "ann", "new": "Ann"})


@pytest.mark.parametrize("password", ["short", "password123", "1234567890"])
@pytest.mark.django_db
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        people.add("admin", "ann", password)
    assert not User.objects.exists()


def test_who_is_made_inactive_loses_tokens(user: Callable[..., User]) -> None:
    user("admin")
    token = tokens.mint(user("tracer", "ann"), "laptop")
    people.change("admin", "ann", active=False, password=None)
    assert tokens.owner(token) is None


def test_a_new_password_from_an_admin_ends_tokens_on_the_record(user: Callable[..., User]) -> None:
    token = tokens.mint(user("tracer", "ann"), "laptop")
    people.change("admin", "ann", active=None, password="quite another secret")
    assert tokens.owner(token) is None
    assert AuditEntry.objects.get().detail["tokens"] == 1


def test_the_last_admin_stays(user: Callable[..., User]) -> None:
    user("admin")
    with pytest.raises(Conflict, match="no active admin"):
        people.change("admin", "admin", active=False, password=None)
    assert User.objects.get().is_active


def test_an_unknown_person_is_named(user: Callable[..., User]) -> None:
    with pytest.raises(NotFound, match="no user ann"):
        people.change("admin", "ann", active=True, password=None)
    with pytest.raises(NotFound, match="python -m server user add"):
        people.token_from_console("ann", "laptop")
    user("tracer", "ann")
    assert tokens.owner(people.token_from_console("ann", "laptop")) is not None
    people.token_from_console("ann", "report", tokens.Reach.named("read", "s0"))
    assert ApiToken.objects.filter(name="report").values_list("scope", "risk").get() == ("read", 0)


def test_an_own_password_needs_the_current_one_unless_that_was_one_time(user: Callable[..., User]) -> None:
    person = user("admin")
    with pytest.raises(Invalid, match="current password is wrong"):
        people.set_own_password(person, "guess", "another long secret")
    people.set_own_password(person, PASSWORD, "another long secret")
    person.one_time = True
    people.set_own_password(person, "", "a third long secret")
    assert person.check_password("a third long secret")
    assert not person.one_time
