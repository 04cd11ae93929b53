"""Who may open a session's socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from server.accounts.policy import Action, decide, require
from server.accounts.standing import Entrance
from server.audit.record import record_once
from server.errors import ApiError
from server.tracing.lookup import session_by

Scope = Mapping[str, Any]


class RefusedError(PermissionError):
    """The text says why, in one line for the person."""


def enter(scope: Scope) -> UUID:
    """The session that the socket's address names; the view, or its refusal, is on the record. Raises RefusedError."""
    actor = scope["user"]
    try:
        if not decide(actor, Action.SESSION_VIEW).allowed:
            require(actor, Action.SESSION_VIEW)
        session = session_by(scope["url_route"]["kwargs"]["session"])
        hosts = sorted(session.runs.values_list("host__name", flat=True))
        require(actor, Action.SESSION_VIEW, session, tool=session.tool, hosts=hosts, session=session.pk)
    except ApiError as error:
        raise RefusedError(error.message) from error
    about: dict[str, Any] = {"tool": session.tool, "hosts": hosts, "session": session.pk, "reason": session.reason}
    record_once(Action.SESSION_VIEW, actor.username, **about)
    return session.pk


def entrance_of(scope: Scope) -> Entrance:
    return Entrance(scope["user"].pk, scope["session"].session_key or "")
