"""With whom a session is shared, over HTTP."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from server.accounts.auth import person
from server.tracing import sharing
from server.tracing.sharing import Terms

router = Router(tags=["shares"])

Name = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]
MAX_HOURS = 366 * 24


class NewShare(Schema):
    """For one `person`, or for the members of one `team`; without either it is a link, for people who can sign in.

    `hours` null: until it is revoked; a link then ends after 7 days.
    """

    model_config = ConfigDict(extra="forbid")

    person: Name = ""
    team: Name = ""
    hours: Annotated[int, Field(ge=1, le=MAX_HOURS)] | None = None


class ShareOut(Schema):
    """A link has neither person nor team; `opened_by` are those who came in by it. `problem`: why it opens nothing."""

    id: int
    person: str | None
    team: str | None
    given_by: str
    created_at: datetime.datetime
    expires_at: datetime.datetime | None
    opened_by: list[str]
    problem: str


class ShareMade(ShareOut):
    """`secret`: of a link, told only now. Its address is `/sessions/<id>#link=<secret>`."""

    secret: str


class Opening(Schema):
    model_config = ConfigDict(extra="forbid")

    secret: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


class Opened(Schema):
    session: str


@router.get("/{session}/shares", response=list[ShareOut])
def list_shares(request: HttpRequest, session: str) -> list[dict[str, Any]]:
    """Newest first, without those that have ended."""
    return sharing.shares_of(person(request), session)


@router.post("/{session}/shares", response={201: ShareMade})
def share_session(request: HttpRequest, session: str, body: NewShare) -> Status[dict[str, Any]]:
    """It raises nobody's rights: whoever it is shared with needs grants up to its class on its hosts, of any team.

    It holds while who gave it may still share the session. Class S3 is shared by name, never by a link.
    """
    share, secret = sharing.give(person(request), session, Terms(body.person, body.team, body.hours or 0))
    return Status(201, {**sharing.share_out(share.session, share), "secret": secret})


@router.delete("/{session}/shares/{share}", response={204: None})
def revoke_share(request: HttpRequest, session: str, share: int) -> Status[None]:
    """Whoever looks by it, or came in by the link, stops looking within seconds."""
    sharing.revoke(person(request), session, share)
    return Status(204, None)


@router.post("/{session}/open", response=Opened)
def open_link(request: HttpRequest, session: str, body: Opening) -> dict[str, Any]:
    """Come in by a link; once is enough, until it ends."""
    return {"session": str(sharing.open_link(person(request), session, body.secret).pk)}
