"""The password of a sign-in: rate limited, refusals audited, one-time passwords used up."""

from __future__ import annotations

import secrets

from django.contrib.auth.hashers import make_password
from django.db import transaction

from server.accounts import grants, guessing, teams
from server.accounts.models import Role, User
from server.accounts.policy import CONSOLE_ACTOR
from server.accounts.unknown import known_as
from server.audit.record import record
from server.errors import NotSignedIn

ADMIN = "admin"


def check_password(username: str, password: str, address: str) -> User:
    """Whose password it is; nobody is signed in by this alone. Raises TooMany or NotSignedIn."""
    found = User.objects.filter(username__iexact=username).first()
    user = found if found is not None and found.is_active else None
    name = known_as(found, username)
    with guessing.attempt(name, user, address, typed=username.lower()):
        if user is None:
            make_password(password)  # as slow as for a known name
        elif user.check_password(password) and (not user.one_time or _use_up(user, password)):
            return user
        actor = found.username if found else name
        record("account.login", actor, "refused", detail={"address": address, "how": "password"})
        raise NotSignedIn(
            "user name or password is wrong; `python -m server onetime` on the server prints a new admin password"
        )


def one_time_password() -> tuple[str, str] | None:
    """(user name, new one-time password) of the first admin; None once an admin has chosen an own password."""
    if any(not admin.one_time for admin in grants.admins(None)):
        return None
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        user, _ = User.objects.get_or_create(username__iexact=ADMIN, defaults={"username": ADMIN})
        user.is_active, user.one_time = True, True
        user.set_password(password)
        user.save()
        if user not in grants.admins(None):
            teams.begin(CONSOLE_ACTOR, user.username, Role.ADMIN)
        record("account.one_time", "server", detail={"user": user.username})
    return user.username, password


def _use_up(user: User, password: str) -> bool:
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        if not current.check_password(password):
            return False
        current.set_unusable_password()
        current.save(update_fields=["password"])
    user.password = current.password
    return True
