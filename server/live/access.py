"""Who may open a session's socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from server.accounts.policy import Action
from server.accounts.standing import Entrance
from server.accounts.ways import of_socket
from server.audit.record import record_once
from server.audit.way import coming
from server.errors import ApiError
from server.tracing.lookup import permitted
from server.tracing.rights import by_share

Scope = Mapping[str, Any]


class RefusedError(PermissionError):
    """The text says why, in one line for the person."""


def enter(scope: Scope) -> UUID:
    """The session that the socket's address names; the view, or its refusal, is on the record. Raises RefusedError."""
    with coming(lambda: of_socket(scope)):
        return _enter(scope)


def _enter(scope: Scope) -> UUID:
    actor = scope["user"]
    try:
        session = permitted(actor, scope["url_route"]["kwargs"]["session"], Action.SESSION_VIEW)
    except ApiError as error:
        raise RefusedError(error.message) from error
    hosts = sorted(session.runs.values_list("host__name", flat=True))
    facts: dict[str, Any] = {"tool": session.tool, "hosts": hosts, "session": session.pk, "reason": session.reason}
    record_once(Action.SESSION_VIEW, actor.username, **facts, detail=by_share(session, actor, Action.SESSION_VIEW))
    return session.pk


def entrance_of(scope: Scope) -> Entrance:
    return Entrance(scope["user"].pk, scope["session"].session_key or "")
