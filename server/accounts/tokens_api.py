"""A person's API tokens: made in the browser, listed, ended."""

from __future__ import annotations

import datetime
from typing import Annotated

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from server.accounts import sign_ins, steps, tokens
from server.accounts.auth import address_of, changing, person
from server.accounts.models import ApiToken
from server.accounts.policy import Action, require
from server.accounts.schemas import RiskName, ScopeName
from server.accounts.signin_api import Token, TokenTerms
from server.audit.record import record

own = Router(tags=["accounts"])
others = Router(tags=["accounts"])


class NewToken(TokenTerms):
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class ApiTokenOut(Schema):
    """`last_used_at` is kept to the minute. `risk`: the highest class that it reaches."""

    id: int
    name: str
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None
    expires_at: datetime.datetime
    scope: ScopeName
    risk: RiskName

    @staticmethod
    def resolve_risk(token: ApiToken) -> str:
        return f"s{token.risk}"


@own.get("", response=list[ApiTokenOut])
def list_tokens(request: HttpRequest) -> QuerySet[ApiToken]:
    return person(request).tokens.order_by("-created_at", "-id")


@own.post("", response=Token)
def make_own_token(request: HttpRequest, body: NewToken) -> dict[str, str]:
    """In the browser, by who proved lately who they are; whatever they signed in with."""
    user = changing(request)
    steps.require_fresh(request)
    reach = body.reach
    with transaction.atomic():
        detail = {"name": body.name, "days": body.days, **reach.facts, "address": address_of(request)}
        record("account.token", user.username, detail=detail)
        return {"token": tokens.mint(user, body.name, body.days, reach)}


@own.delete("/{token}", response={204: None})
def end_token(request: HttpRequest, token: int) -> Status[None]:
    user = changing(request)
    tokens.end(user.username, user, token, address_of(request))
    return Status(204, None)


@others.get("/{username}/tokens", response=list[ApiTokenOut])
def list_tokens_of(request: HttpRequest, username: str) -> QuerySet[ApiToken]:
    actor = person(request)
    require(actor, Action.USER_VIEW, detail={"user": username})
    return sign_ins.looked_at(actor.username, username, "tokens").tokens.order_by("-created_at", "-id")


@others.delete("/{username}/tokens/{token}", response={204: None})
def end_token_of(request: HttpRequest, username: str, token: int) -> Status[None]:
    actor = person(request)
    require(actor, Action.USER_CHANGE, detail={"user": username})
    tokens.end(actor.username, sign_ins.named(username), token, address_of(request))
    return Status(204, None)
