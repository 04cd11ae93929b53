"""Signing out, own password, and the administration of users."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest
from ninja import Router, Status

from server import nudge
from server.accounts import factors, people, schemas, steps, teams, tokens
from server.accounts.auth import changing, person
from server.accounts.models import User
from server.accounts.policy import Action, require
from server.audit.record import record

auth = Router(tags=["accounts"])
users = Router(tags=["accounts"])


@auth.post("/logout", response={204: None})
def log_out(request: HttpRequest) -> Status[None]:
    """Ends the browser's session; with an API token, the token."""
    record("account.logout", person(request).username)
    tokens.revoke(request.headers.get("Authorization", "").removeprefix("Bearer "))
    logout(request)
    nudge.access_changed()
    return Status(204, None)


@auth.get("/me", response=schemas.Me)
def who_am_i(request: HttpRequest) -> dict[str, Any]:
    return schemas.me(person(request))


@auth.post("/password", response=schemas.Me)
def set_password(request: HttpRequest, body: schemas.NewPassword) -> dict[str, Any]:
    """`current` may be left out only after signing in with a one-time password."""
    user = changing(request)
    people.set_own_password(user, body.current, body.password, browser=request.session.session_key)
    update_session_auth_hash(request, user)
    return schemas.me(user)


@users.get("", response=list[schemas.UserOut])
def list_users(request: HttpRequest) -> list[dict[str, Any]]:
    require(person(request), Action.USER_VIEW)
    return [schemas.user_out(user) for user in User.objects.order_by("username")]


@users.post("", response={201: schemas.UserOut})
def add_user(request: HttpRequest, body: schemas.NewUser) -> Status[dict[str, Any]]:
    actor = person(request)
    require(actor, Action.USER_ADD, detail={"user": body.username})
    user = people.add(actor.username, body.username, body.password)
    if body.role is not None:
        teams.begin(actor, user.username, body.role)
    return Status(201, schemas.user_out(user))


@users.patch("/{username}", response=schemas.UserOut)
def change_user(request: HttpRequest, username: str, body: schemas.UserChange) -> dict[str, Any]:
    """For a browser whose person proved lately who they are. A new password ends every way in of its owner."""
    actor = _changes_sign_in(request, username)
    user = people.change(actor.username, username, active=body.active, password=body.password)
    return schemas.user_out(user)


@users.post("/{username}/reset-factors", response=schemas.UserOut)
def reset_factors(request: HttpRequest, username: str) -> dict[str, Any]:
    """For who lost their second factors: the password alone signs them in again. Ends every way in of theirs."""
    actor = _changes_sign_in(request, username)
    return schemas.user_out(factors.reset(actor.username, username))


def _changes_sign_in(request: HttpRequest, username: str) -> User:
    """Who may change how another one signs in: with a leaked token, or at a browser left alone, nobody."""
    actor = person(request)
    require(actor, Action.USER_CHANGE, detail={"user": username})
    steps.require_fresh(request)
    return actor
