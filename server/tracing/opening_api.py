"""Opening locked rows over HTTP: first the text, then the signature on it."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from server.accounts.auth import person
from server.accounts.policy import Action
from server.consent.signing import SignatureIn
from server.tracing import openings
from server.tracing.lookup import permitted

router = Router(tags=["sessions"])


class NewOpening(Schema):
    reason: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]


class OpeningOut(Schema):
    """`signed`: some host wants your signature on `text`, ASCII, which a passkey or an ssh key makes."""

    id: uuid.UUID
    text: str
    signed: bool
    expires_at: datetime.datetime


class SignedOpening(Schema):
    """None where no host's owner wants one."""

    signature: SignatureIn | None = None


class HostAnswerOut(Schema):
    """`error` is empty where the rows can be read now."""

    host: str
    error: str


class Opened(Schema):
    hosts: list[HostAnswerOut]


@router.post("/{session_id}/openings", response={201: OpeningOut})
def ask_for_opening(request: HttpRequest, session_id: str, body: NewOpening) -> Status[dict[str, Any]]:
    """The text that opens rows of risk class S3 once more. Nothing is opened yet."""
    actor = person(request)
    session = permitted(actor, session_id, Action.SESSION_VIEW)
    made = openings.ask(actor, session, body.reason)
    signed = openings.signed_by_hosts(session)
    told = {"id": made.pk, "text": bytes(made.text).decode(), "signed": signed, "expires_at": made.expires_at}
    return Status(201, told)


@router.post("/{session_id}/openings/{opening_id}", response=Opened)
def open_rows(request: HttpRequest, session_id: str, opening_id: uuid.UUID, body: SignedOpening) -> dict[str, Any]:
    """Asks the hosts, and answers when they have, or after 6 s. The rows lock again 15 minutes later."""
    actor = person(request)
    session = permitted(actor, session_id, Action.SESSION_VIEW)
    return {"hosts": openings.carry_out(actor, session, opening_id, body.signature)}
