from __future__ import annotations

from collections.abc import Callable

import pytest

from server.accounts import signin
from server.accounts.grants import admins
from server.accounts.models import FailedLogin, User
from server.audit.models import AuditEntry
from server.errors import NotSignedIn, TooMany
from tests.server.conftest import PASSWORD

HERE = "192.0.2.1"


def test_a_wrong_password_is_on_the_record(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    with pytest.raises(NotSignedIn):
        signin.check_password("Ann", "wrong", HERE)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.outcome) == ("ann", "account.login", "refused")
    assert entry.detail == {"address": HERE, "how": "password"}


def test_what_was_typed_for_a_name_is_kept_nowhere(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    typed = "Tr0ub4dor&3"
    for _ in range(2):
        with pytest.raises(NotSignedIn):
            signin.check_password(typed, "", HERE)
    kept = [str(vars(row)).lower() for model in (AuditEntry, FailedLogin) for row in model.objects.all()]
    assert len(kept) == 4 and not any(typed.lower() in row for row in kept)
    assert len(set(AuditEntry.objects.values_list("actor", flat=True))) == 1


def test_a_wrong_password_for_who_is_inactive_names_them(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    User.objects.update(is_active=False)
    with pytest.raises(NotSignedIn):
        signin.check_password("ann", PASSWORD, HERE)
    assert AuditEntry.objects.get().actor == "ann"


@pytest.mark.parametrize("name", ["ann", "Ann", "ANN"])
def test_a_name_signs_in_in_any_case(user: Callable[..., User], name: str) -> None:
    person = user("viewer", "Ann")
    assert signin.check_password(name, PASSWORD, HERE) == person


def test_a_name_in_other_cases_gives_no_more_guesses(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    for name in ("ann", "Ann", "aNn", "anN", "ANN"):
        with pytest.raises(NotSignedIn):
            signin.check_password(name, "wrong", HERE)
    with pytest.raises(TooMany):
        signin.check_password("ANn", PASSWORD, HERE)


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_look_the_same(user: Callable[..., User], name: str, password: str) -> None:
    user("viewer", "ann")
    with pytest.raises(NotSignedIn, match="user name or password is wrong"):
        signin.check_password(name, password, HERE)
    assert AuditEntry.objects.get().outcome == "refused"


@pytest.mark.django_db
def test_the_one_time_password_works_once() -> None:
    made = signin.one_time_password()
    assert made is not None
    name, password = made
    assert signin.check_password(name, password, HERE).one_time
    with pytest.raises(NotSignedIn):
        signin.check_password(name, password, HERE)


def test_the_one_time_password_is_for_the_admin_in_any_case(user: Callable[..., User]) -> None:
    user("viewer", "Admin")
    made = signin.one_time_password()
    assert made is not None
    assert made[0] == "Admin"
    assert signin.check_password("admin", made[1], HERE) in admins(None)


@pytest.mark.django_db
def test_a_new_one_time_password_replaces_the_old_one_until_an_admin_has_an_own_one() -> None:
    first, second = signin.one_time_password(), signin.one_time_password()
    assert first and second
    with pytest.raises(NotSignedIn):
        signin.check_password(*first, HERE)
    admin = signin.check_password(*second, HERE)
    admin.set_password(PASSWORD)
    admin.one_time = False
    admin.save()
    assert signin.one_time_password() is None
