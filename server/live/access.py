"""Who may look at a session's socket, at its beginning and as long as it is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from server.accounts.models import User
from server.accounts.policy import Action, decide
from server.audit.record import record_once
from server.errors import ApiError
from server.tracing.lookup import permitted
from server.tracing.models import Session
from server.tracing.rights import about

Scope = Mapping[str, Any]


class RefusedError(PermissionError):
    """The text says why, in one line for the person."""


def enter(scope: Scope) -> UUID:
    """The session that the socket's address names; the view, or its refusal, is on the record. Raises RefusedError."""
    actor = scope["user"]
    try:
        session = permitted(actor, scope["url_route"]["kwargs"]["session"], Action.SESSION_VIEW)
    except ApiError as error:
        raise RefusedError(error.message) from error
    hosts = sorted(session.runs.values_list("host__name", flat=True))
    facts: dict[str, Any] = {"tool": session.tool, "hosts": hosts, "session": session.pk, "reason": session.reason}
    record_once(Action.SESSION_VIEW, actor.username, **facts)
    return session.pk


def lost(scope: Scope, session: UUID) -> str:
    """Why this socket may no longer be open; empty while it may."""
    key = scope["session"].session_key
    if key and not scope["session"].exists(key):
        return "you signed out; sign in again"
    user = User.objects.filter(pk=scope["user"].pk).first()
    found = Session.objects.select_related("team").defer("envelope", "signature").filter(pk=session).first()
    if found is None:
        return "the session was deleted"
    decision = decide(user, Action.SESSION_VIEW, about(found, user))
    return "" if decision.allowed else decision.reason
