"""Shapes of the requests' API."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from server.consent.models import Request
from server.consent.signing import SignatureIn

Words = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
StateName = Literal["waiting", "approved", "started", "denied", "expired", "void"]


class Approval(Schema):
    """Where hosts check signatures, one is needed."""

    signature: SignatureIn | None = None


class Signed(Schema):
    signature: SignatureIn


class Denial(Schema):
    reason: Words


class Review(Schema):
    review: Words


class VoiceOut(Schema):
    person: str
    part: Literal["requester", "approver", "denier"]
    at: datetime.datetime
    signed: bool
    key: str
    reason: str


class RequestOut(Schema):
    id: uuid.UUID
    state: StateName
    state_message: str
    created_by: str
    created_at: datetime.datetime
    expires_at: datetime.datetime
    team: str
    risk: Literal["s0", "s1", "s2", "s3"]
    tool: str
    hosts: list[str]
    reason: str
    why: str
    needed: int
    signed: bool
    break_glass: bool
    specification: Annotated[str, Field(description="the very text that people sign, ASCII")]
    voices: list[VoiceOut]
    review_due: bool
    reviewed_by: str
    review: str


class RequestList(Schema):
    items: list[RequestOut]
    waiting: Annotated[int, Field(description="how many of others wait for what you may give: approval, or a review")]


class Rules(Schema):
    hosts: Annotated[int, Field(description="one person alone starts on so many at most; 0: on any number")]


def request_out(request: Request) -> dict[str, Any]:
    voices = [
        {
            "person": voice.person.username,
            "part": voice.part,
            "at": voice.at,
            "signed": bool(voice.signature),
            "key": voice.key,
            "reason": voice.reason,
        }
        for voice in request.voices.all()
    ]
    return {
        "id": request.pk,
        "state": "expired" if request.state in ("waiting", "approved") and request.expired else request.state,
        "state_message": request.state_message,
        "created_by": request.created_by.username,
        "created_at": request.created_at,
        "expires_at": request.expires_at,
        "team": request.team.name,
        "risk": f"s{request.risk}",
        "tool": request.tool,
        "hosts": request.hosts,
        "reason": request.reason,
        "why": request.why,
        "needed": request.needed,
        "signed": request.signed,
        "break_glass": request.break_glass,
        "specification": bytes(request.specification).decode("ascii"),
        "voices": voices,
        "review_due": request.review_due,
        "reviewed_by": request.reviewed_by.username if request.reviewed_by else "",
        "review": request.review,
    }
