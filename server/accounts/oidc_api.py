"""Signing in with the OpenID provider, and linking an account of it to one's own.

The browser goes to the provider and comes back to a page, which sends here what it brought.
"""

from __future__ import annotations

import hmac
import time
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from server.accounts import guessing, half_way, identities, openid, steps
from server.accounts.auth import address_of, changing, person
from server.accounts.models import User
from server.accounts.signin_api import Step, step_out
from server.audit.record import record
from server.errors import ApiError, Conflict, NotSignedIn

router = Router(tags=["accounts"])
_FLOW = "oidc"
_TOKEN = "oidc_token"  # noqa: S105 (a name): of who signed in with it
_ACTOR = "an OpenID sign-in"  # no name of a person: those hold no spaces

Text = Annotated[str, Field(max_length=4096, pattern=r"^[^\x00]*$")]


class ProviderOut(Schema):
    """``name``: what the button says; null: there is no provider."""

    name: str | None


class Away(Schema):
    address: str


class Returned(Schema):
    """What the provider put into the page's address."""

    state: Text
    code: Text = ""
    error: Annotated[str, Field(max_length=64, pattern=r"^[\w.-]*$")] = ""
    iss: Text = ""


class Finished(Schema):
    """``step``: of signing in; null: an account of the provider was linked."""

    step: Step | None


class IdentityOut(Schema):
    """``sign_out``: where the browser goes after signing out, to end its sign-in at the provider too; null: nowhere."""

    name: str | None
    subject: str | None
    sign_out: str | None


@router.get("", response=ProviderOut, auth=None)
def provider(request: HttpRequest) -> dict[str, str | None]:  # noqa: ARG001 (django-ninja passes it by name)
    return {"name": settings.OIDC.name if settings.OIDC else None}


@router.post("/begin", response=Away, auth=None)
def begin(request: HttpRequest) -> dict[str, str]:
    """Where to send the browser to sign in."""
    return _leave(request, None)


@router.post("/link", response=Away)
def begin_link(request: HttpRequest) -> dict[str, str]:
    """Where to send the browser to link an account of the provider to one's own."""
    user = changing(request)
    openid.provider()
    steps.require_fresh(request)
    return _leave(request, user)


@router.post("/finish", response=Finished, auth=None)
def finish(request: HttpRequest, body: Returned) -> dict[str, Any]:
    """What the browser came back with. It works once, and only in the browser that left."""
    known, address = openid.provider(), address_of(request)
    guessing.check(_ACTOR, None, address)
    flow = request.session.pop(_FLOW, None)
    try:
        claims, token = _claims(flow, body)
    except ApiError as error:
        guessing.failed(_ACTOR, address)
        record("account.login", _ACTOR, "refused", detail={"address": address, "how": "oidc", "refusal": error.message})
        raise
    if flow["user"] is None:
        user = identities.owner(known, claims, address)
        strong = identities.shows_two_factors(known, claims)
        request.session[_TOKEN] = token
        how = "oidc with two factors" if strong else "oidc"
        return {"step": step_out(steps.first(request, user, how, strong=strong))}
    if not isinstance(request.user, User) or request.user.pk != flow["user"]:
        raise NotSignedIn("somebody else is signed in by now; start again in Settings")
    _link(request.user, claims, address)
    return {"step": None}


@router.get("/identity", response=IdentityOut)
def own_identity(request: HttpRequest) -> dict[str, str | None]:
    if settings.OIDC is None:
        return {"name": None, "subject": None, "sign_out": None}
    found, token = identities.of(person(request), settings.OIDC), request.session.get(_TOKEN)
    away = openid.sign_out_address(token) if token else None
    return {"name": settings.OIDC.name, "subject": found.subject if found else None, "sign_out": away}


@router.delete("/identity", response={204: None})
def unlink(request: HttpRequest) -> Status[None]:
    user, known = changing(request), openid.provider()
    steps.require_fresh(request)
    identities.unlink(user, known, address_of(request))
    return Status(204, None)


def _leave(request: HttpRequest, user: User | None) -> dict[str, str]:
    openid.provider()
    half_way.begin(request)
    address, flow = openid.begin()
    request.session[_FLOW] = {**flow, "user": user.pk if user else None, "at": time.time()}
    return {"address": address}


def _link(user: User, claims: openid.Claims, address: str) -> None:
    known = openid.provider()
    try:
        identities.link(user, known, claims, address)
    except Conflict as error:
        facts = {"address": address, "issuer": known.issuer, "subject": claims["sub"], "refusal": error.message}
        record("account.identity_add", user.username, "refused", detail=facts)
        raise


def _claims(flow: Any, body: Returned) -> tuple[openid.Claims, str]:
    known = openid.provider()
    if not flow or time.time() - flow["at"] > steps.PENDING_SECONDS:
        raise NotSignedIn(
            f"this sign-in took too long or began in another browser; start again at {settings.PASSKEY_ORIGIN}"
        )
    if not hmac.compare_digest(flow["state"].encode(), body.state.encode()):
        raise NotSignedIn("this answer belongs to another sign-in; start again")
    if body.iss and body.iss != known.issuer:
        raise NotSignedIn(f"this answer comes from another provider than {known.issuer}; start again")
    if body.error or not body.code:
        raise NotSignedIn(
            f"{known.name} did not sign you in ({body.error or 'no code'}); start again, or ask its admins"
        )
    return openid.finish(flow, body.code)
