"""Making and changing accounts; the API and the server's command line both come here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from server import nudge
from server.accounts import sign_ins, tokens
from server.accounts.models import TOKEN_DAYS, Scope, User
from server.accounts.names import check_name
from server.accounts.teams import an_admin_stays
from server.audit.record import record
from server.errors import Conflict, Invalid, NotFound

USER_NAME = "a user name"


def add(actor: str, username: str, password: str) -> User:
    """Nothing is granted to the person yet. Raises Conflict or Invalid."""
    check_name(username, USER_NAME, "username")
    user = User(username=username)
    _set_password(user, password)
    with _name_taken_once(username):
        user.save()
        record("user.add", actor, detail={"user": username})
    return user


def admit(actor: str, username: str, **identity: str) -> User:
    """Somebody whom an OpenID provider vouches for; without a password or a grant. Raises Conflict or Invalid."""
    check_name(username, USER_NAME, "username")
    user = User(username=username)
    user.set_unusable_password()
    with _name_taken_once(username):
        user.save()
        record("user.add", actor, detail={"user": username, **identity})
    return user


def change(actor: str, username: str, *, active: bool | None, password: str | None) -> User:
    """Raises NotFound, Conflict or Invalid."""
    with transaction.atomic(), an_admin_stays():
        user = User.objects.select_for_update().filter(username__iexact=username).first()
        if user is None:
            raise NotFound(f"there is no user {username}")
        user.is_active = user.is_active if active is None else active
        if password is not None:
            _set_password(user, password)
        user.save()
        detail: dict[str, Any] = {"user": user.username, "active": active, "password": password is not None}
        if password is not None or not user.is_active:
            detail |= sign_ins.end_every_way(user)
        record("user.change", actor, detail=detail)
        nudge.access_changed()
    return user


def rename(actor: str, username: str, new: str) -> None:
    """For who may run commands on the server itself. Raises NotFound, Conflict or Invalid.

    `username` in its exact case: a database that is about to be migrated may hold two that differ in nothing else.
    """
    check_name(new, USER_NAME, "username")
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound(f"there is no user {username}; write the name in its exact case")
    with _name_taken_once(new, but=user):
        user.username = new
        user.save(update_fields=["username"])
        record("user.rename", actor, detail={"user": username, "new": new})


def set_own_password(user: User, current: str, password: str, *, browser: str | None = None) -> None:
    """Signs out every other browser than the one with this key. Raises Invalid.

    Somebody who came in with a one-time password has no current one to give.
    """
    if not user.one_time and not user.check_password(current):
        record("account.password", user.username, "refused", detail={"refusal": "the current password was wrong"})
        raise Invalid("the current password is wrong", field="current")
    with transaction.atomic():
        _set_password(user, password)
        user.save(update_fields=["password", "one_time"])
        sign_ins.forget(user, browser)
        record("account.password", user.username)


def token_from_console(username: str, name: str, reach: tokens.Reach = tokens.EVERYTHING) -> str:
    """A new API token, for who may run commands on the server itself. Raises NotFound."""
    with transaction.atomic():
        user = User.objects.by_name(username)
        if user is None:
            raise NotFound(f"there is no active user {username}; `python -m server user add` makes one")
        record("account.token", "server console", detail={"user": username, "name": name, **reach.facts})
        days = tokens.PEOPLE_DAYS if reach.scope == Scope.PEOPLE else TOKEN_DAYS
        return tokens.mint(user, name, days, reach)


@contextmanager
def _name_taken_once(username: str, *, but: User | None = None) -> Iterator[None]:
    """A transaction that gives somebody this name. Raises Conflict if another has it, in whatever case."""
    try:
        with transaction.atomic():
            _check_free(username, but)
            yield
    except IntegrityError:  # somebody else was faster
        _check_free(username, but)
        raise


def _check_free(username: str, but: User | None) -> None:
    taken = User.objects.filter(username__iexact=username).exclude(pk=but.pk if but else 0).first()
    if taken is not None:
        raise Conflict(
            f"there is a user {taken.username} already, and case tells no names apart; choose another name",
            field="username",
        )


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from None
    user.set_password(password)
    user.one_time = False
