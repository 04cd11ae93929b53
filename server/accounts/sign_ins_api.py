"""Where somebody is signed in, and signing out there."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from server.accounts import sign_ins
from server.accounts.auth import address_of, changing, person
from server.accounts.browsers import SignIn
from server.accounts.policy import Action, require

own = Router(tags=["accounts"])
others = Router(tags=["accounts"])


class SignInOut(Schema):
    """`id` is no secret. `current`: the browser that asks."""

    id: str
    device: str
    address: str
    since: datetime.datetime | None
    last_seen: datetime.datetime | None
    current: bool


class Ended(Schema):
    ended: int


@own.get("", response=list[SignInOut])
def list_own(request: HttpRequest) -> list[dict[str, Any]]:
    return [_out(one, _key(request)) for one in sign_ins.of(person(request))]


@own.delete("", response=Ended)
def end_others(request: HttpRequest) -> dict[str, int]:
    """Every browser but the one that asks; with an API token, every one."""
    return {"ended": sign_ins.end_others(changing(request), _key(request), address_of(request))}


@own.delete("/{sign_in}", response={204: None})
def end_one(request: HttpRequest, sign_in: str) -> Status[None]:
    sign_ins.end(changing(request), sign_in, address_of(request))
    return Status(204, None)


@others.get("/{username}/sign-ins", response=list[SignInOut])
def list_others(request: HttpRequest, username: str) -> list[dict[str, Any]]:
    actor = person(request)
    require(actor, Action.USER_VIEW, detail={"user": username})
    user = sign_ins.looked_at(actor.username, username, "sign-ins")
    return [_out(one, _key(request)) for one in sign_ins.of(user)]


@others.delete("/{username}/sign-ins", response=Ended)
def end_all_of(request: HttpRequest, username: str) -> dict[str, int]:
    """Every browser of this person."""
    actor = person(request)
    require(actor, Action.USER_CHANGE, detail={"user": username})
    return {"ended": sign_ins.end_all_of(actor.username, username)}


def _key(request: HttpRequest) -> str | None:
    return None if "Authorization" in request.headers else request.session.session_key


def _out(found: SignIn, current: str | None) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "device": sign_ins.device(found.agent),
        "address": found.address,
        "since": found.since,
        "last_seen": found.last_seen,
        "current": found.session_key == current,
    }
