"""Asking for approval over HTTP, and starting what was approved."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Status
from pydantic import Field

from server.accounts.auth import person
from server.consent import api
from server.consent.schemas import RequestOut, request_out
from server.tracing import schemas
from server.tracing.api import order_of
from server.tracing.approved import ask, start_approved
from server.tracing.render import session_out

# The same as for looking and agreeing: one path answers GET and POST.
router = api.router


class NewRequest(schemas.NewSession):
    """Hosts may allow fewer `minutes` (`approvals.hours` of their policy). `break_glass`: start alone, be reviewed."""

    minutes: Annotated[int, Field(ge=1, le=6 * 24 * 60)] = 8 * 60
    break_glass: bool = False


@router.post("", response={201: RequestOut})
def ask_for_approval(request: HttpRequest, body: NewRequest) -> Status[dict[str, Any]]:
    """For a session that needs it, or that you want agreed to."""
    made = ask(person(request), order_of(body), body.minutes, break_glass=body.break_glass)
    return Status(201, request_out(made))


@router.post("/{request_id}/start", response={201: schemas.SessionOut}, by_alias=True)
def start_request(request: HttpRequest, request_id: str) -> Status[dict[str, Any]]:
    """By who asked, once it is approved. The session has the id of the request."""
    return Status(201, session_out(start_approved(person(request), request_id)))
