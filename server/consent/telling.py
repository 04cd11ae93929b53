"""What a team's webhooks are told of its requests: who asks for what and where to read it, neither reason nor
parameters, which are for people with rights alone."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from server.consent.models import Request, RequestState
from server.webhooks import queue

MADE = "request.made"
_MOVED = {
    RequestState.APPROVED: "request.approved",
    RequestState.DENIED: "request.denied",
    RequestState.EXPIRED: "request.expired",
}
# Nobody agreed to what breaks the glass; that it is used is the news.
_BREAKING = {**_MOVED, RequestState.APPROVED: "", RequestState.STARTED: "request.break_glass"}


def tell_made(request: Request) -> None:
    """In the transaction that makes it."""
    queue.tell(request.team, MADE, _facts(request))


def tell_moved(request: Request) -> None:
    """In the transaction that moves it."""
    event = (_BREAKING if request.break_glass else _MOVED).get(RequestState(request.state), "")
    if event:
        queue.tell(request.team, event, _facts(request))


def _facts(request: Request) -> dict[str, Any]:
    return {
        "request": str(request.pk),
        "url": f"{settings.ENV.origin}/requests/{request.pk}",
        "state": str(request.state),
        "asked_by": request.created_by.username,
        "team": request.team.name,
        "tool": request.tool,
        "risk": f"s{request.risk}",
        "hosts": request.hosts,
        "expires_at": request.expires_at.isoformat(),
        "break_glass": request.break_glass,
    }
