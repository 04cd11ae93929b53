"""May this person do this? The one function that every entry path asks: HTTP, WebSocket, API token, command."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from django.contrib.auth.models import AnonymousUser

from server.accounts.models import Role, User
from server.audit.record import record
from server.errors import Forbidden

Actor = User | AnonymousUser | None


class Action(StrEnum):
    """Everything that needs a right. The value also stands in the audit."""

    TOOL_VIEW = "tool.view"
    HOST_VIEW = "host.view"
    HOST_ASK = "host.ask"  # for names of what it runs, while a start is filled in
    HOST_JOIN = "host.join"
    HOST_CHANGE = "host.change"
    HOST_REVOKE = "host.revoke"
    HOST_SWITCH = "host.switch"
    FLEET_SWITCH = "fleet.switch"
    SESSION_VIEW = "session.view"
    SESSION_EXPORT = "session.export"
    SESSION_START = "session.start"
    SESSION_REVEAL = "session.reveal"  # start one whose rows are not redacted
    SESSION_STOP = "session.stop"
    SESSION_DELETE = "session.delete"
    SESSION_APPROVE = "session.approve"  # of others; also to deny and to review it
    REQUEST_VIEW = "request.view"
    STORAGE_VIEW = "storage.view"
    STORAGE_CHANGE = "storage.change"
    AUDIT_VIEW = "audit.view"
    USER_VIEW = "user.view"
    USER_CHANGE = "user.change"
    OWN_ACCOUNT = "account.own"


class Owned(Protocol):
    """A resource that its creator has more rights to."""

    @property
    def created_by_id(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""


_ALWAYS = frozenset(
    {
        Action.TOOL_VIEW,
        Action.HOST_VIEW,
        Action.SESSION_VIEW,
        Action.SESSION_EXPORT,
        Action.REQUEST_VIEW,
        Action.STORAGE_VIEW,
        Action.OWN_ACCOUNT,
    }
)
_RIGHTS: dict[str, frozenset[Action]] = {
    Role.VIEWER: _ALWAYS,
    Role.TRACER: _ALWAYS | {Action.SESSION_START, Action.HOST_ASK},
    Role.ADMIN: frozenset(Action),
}
# What a tracer may do to the sessions of their own.
_OWN = frozenset({Action.SESSION_STOP, Action.SESSION_DELETE})


def decide(actor: Actor, action: Action, resource: Owned | None = None) -> Decision:
    if not isinstance(actor, User) or not actor.is_active:
        return Decision(allowed=False, reason="sign in first")
    if action in _RIGHTS.get(actor.role, frozenset()):
        return Decision(allowed=True)
    if actor.role == Role.TRACER and action in _OWN:
        if resource is None or resource.created_by_id == actor.pk:
            return Decision(allowed=True)
        return Decision(allowed=False, reason=f"{action} of another person's session needs the role admin, ask one")
    needed = "tracer" if action in _OWN | _RIGHTS[Role.TRACER] else "admin"
    return Decision(allowed=False, reason=f"{action} needs the role {needed}, yours is {actor.role}; ask an admin")


def require(
    actor: Actor,
    action: Action,
    resource: Owned | None = None,
    *,
    tool: str = "",
    hosts: Iterable[str] = (),
    session: uuid.UUID | None = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Raises Forbidden after auditing the refusal. Not to be called in a transaction, which would undo that."""
    decision = decide(actor, action, resource)
    if decision.allowed:
        return
    name = actor.username if isinstance(actor, User) else "anonymous"
    facts = {**(detail or {}), "refusal": decision.reason}
    record(action, name, "refused", tool=tool, hosts=hosts, session=session, reason=reason, detail=facts)
    raise Forbidden(decision.reason)
