"""A person's own second factors, and of which roles one is demanded."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.utils import check_csrf
from pydantic import Field

from server.accounts import codes, factors, passkeys, steps
from server.accounts.auth import Authenticated, address_of, changing, person
from server.accounts.credentials import Passkey, Totp
from server.accounts.models import User
from server.accounts.policy import Action, require
from server.accounts.signin_api import CodeIn
from server.errors import Forbidden, Invalid

router = Router(tags=["accounts"])
_SECRET = "new_totp_secret"  # noqa: S105 (a key of the session)


class Enrolling(Authenticated):
    """Also lets in who is half signed in and has to set up a second factor first."""

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" in request.headers or isinstance(request.user, User):
            return super().__call__(request)
        user = steps.pending(request, "enrol")
        if check_csrf(request) is not None:
            raise Forbidden("the request lacks its CSRF proof; reload the page")
        return user


class TotpOut(Schema):
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None


class PasskeyOut(Schema):
    """``line``: the public key as hosts' policies list it."""

    id: int
    name: str
    credential_id: str
    line: str
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None


class FactorsOut(Schema):
    totp: TotpOut | None
    passkeys: list[PasskeyOut]
    rp_id: Annotated[str, Field(description="the name that passkeys are bound to")]
    recovery: int
    demanded: bool
    confirm: list[Literal["passkey", "totp", "recovery", "password"]]


class NewTotp(Schema):
    secret: str
    address: str
    picture: str


class NewPasskey(Schema):
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
    credential: dict[str, Any]


class Added(Schema):
    """Recovery codes come with the first factor, and are shown only then."""

    recovery_codes: list[str]


class Rule(Schema):
    """Roles whose people need a second factor."""

    roles: Annotated[list[str], Field(max_length=20)]


@router.get("/factors", response=FactorsOut, auth=Enrolling())
def own_factors(request: HttpRequest) -> dict[str, Any]:
    user = person(request)
    owned = factors.of(user)
    return {
        "totp": Totp.objects.filter(user=user).first(),
        "passkeys": [_passkey_out(passkey) for passkey in user.passkeys.order_by("created_at")],
        "rp_id": settings.PASSKEY_RP_ID,
        "recovery": owned.recovery,
        "demanded": factors.demanded(user),
        "confirm": owned.methods or (["password"] if user.has_usable_password() else []),
    }


@router.post("/factors/totp", response=NewTotp, auth=Enrolling())
def begin_totp(request: HttpRequest) -> dict[str, str]:
    """A new secret for an authenticator app; kept once `confirm` shows that the app has it."""
    user = _may_change(request)
    secret = codes.new_secret()
    request.session[_SECRET] = secret
    address = codes.address(user, secret)
    return {"secret": secret, "address": address, "picture": codes.qr_code(address)}


@router.post("/factors/totp/confirm", response=Added, auth=Enrolling())
def confirm_totp(request: HttpRequest, body: CodeIn) -> dict[str, list[str]]:
    user = _may_change(request)
    secret = request.session.get(_SECRET)
    if secret is None:
        raise Invalid("no authenticator app is being set up; begin again")
    with transaction.atomic():
        fresh = _new_codes_for_first(user)
        codes.confirm(user, secret, body.code)
        factors.added(user, "totp", "", address_of(request))
    del request.session[_SECRET]
    return {"recovery_codes": fresh}


@router.delete("/factors/totp", response={204: None})
def remove_totp(request: HttpRequest) -> Status[None]:
    factors.remove_totp(_may_change(request), address_of(request))
    return Status(204, None)


@router.post("/factors/passkeys/options", response=dict[str, Any], auth=Enrolling())
def begin_passkey(request: HttpRequest) -> dict[str, Any]:
    """For `navigator.credentials.create`."""
    options, challenge = passkeys.creation(_may_change(request))
    steps.remember(request, challenge)
    return options


@router.post("/factors/passkeys", response=Added, auth=Enrolling())
def add_passkey(request: HttpRequest, body: NewPasskey) -> dict[str, list[str]]:
    user = _may_change(request)
    challenge = steps.take_challenge(request)
    with transaction.atomic():
        fresh = _new_codes_for_first(user)
        passkeys.add(user, body.name, challenge, body.credential)
        factors.added(user, "passkey", body.name, address_of(request))
    return {"recovery_codes": fresh}


@router.delete("/factors/passkeys/{passkey}", response={204: None})
def remove_passkey(request: HttpRequest, passkey: int) -> Status[None]:
    factors.remove_passkey(_may_change(request), passkey, address_of(request))
    return Status(204, None)


@router.post("/factors/recovery", response=Added)
def renew_recovery(request: HttpRequest) -> dict[str, list[str]]:
    """New recovery codes; the old ones stop working."""
    user = _may_change(request)
    if not factors.of(user).any:
        raise Invalid("recovery codes stand in for a second factor; set one up first")
    with transaction.atomic():
        factors.added(user, "recovery", "", address_of(request))
        return {"recovery_codes": codes.new_recovery_codes(user)}


@router.get("/rule", response=Rule)
def get_rule(request: HttpRequest) -> dict[str, list[str]]:
    require(person(request), Action.USER_VIEW)
    return {"roles": factors.demanding_roles()}


@router.put("/rule", response=Rule)
def set_rule(request: HttpRequest, body: Rule) -> dict[str, list[str]]:
    """Exactly these roles need a second factor from now on."""
    actor = person(request)
    require(actor, Action.USER_CHANGE, detail={"roles": body.roles})
    factors.demand(actor.username, body.roles, own=actor)
    return {"roles": factors.demanding_roles()}


def _may_change(request: HttpRequest) -> User:
    """Who enrols has just given the password; who is signed in must have proved lately who they are."""
    user = changing(request)
    if request.user == user or "Authorization" in request.headers:
        steps.require_fresh(request)
    return user


def _passkey_out(passkey: Passkey) -> dict[str, Any]:
    own = {name: getattr(passkey, name) for name in ("id", "name", "credential_id", "created_at", "last_used_at")}
    return {**own, "line": passkeys.person_key(passkey).line}


def _new_codes_for_first(user: User) -> list[str]:
    return [] if factors.of(user).any else codes.new_recovery_codes(user)
