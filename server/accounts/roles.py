"""What every role may do: the one table behind `decide`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from server.accounts.models import Risk, Role, Scope


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
    SESSION_LIST = "session.list"  # that it exists: who, what, where, why and its state, no rows
    SESSION_VIEW = "session.view"  # its rows
    SESSION_EXPORT = "session.export"
    SESSION_START = "session.start"
    SESSION_REVEAL = "session.reveal"  # start one whose rows are not redacted
    SESSION_BREAK_GLASS = "session.break_glass"  # start what needs the agreement of others without it
    TEMPLATE_KEEP = "template.keep"  # for a start with nobody there; no narrower API token outlives itself so
    SESSION_STOP = "session.stop"
    SESSION_DELETE = "session.delete"
    SESSION_SHARE = "session.share"
    SESSION_UNSHARE = "session.unshare"  # also to see with whom it is shared
    SESSION_APPROVE = "session.approve"  # of others; also to deny and to review it
    REQUEST_VIEW = "request.view"
    STORAGE_VIEW = "storage.view"
    STORAGE_CHANGE = "storage.change"
    METRICS_VIEW = "metrics.view"  # sums over every session there was
    AUDIT_VIEW = "audit.view"
    USER_VIEW = "user.view"
    USER_ADD = "user.add"
    USER_CHANGE = "user.change"
    TEAM_VIEW = "team.view"
    TEAM_ADD = "team.add"
    TEAM_CHANGE = "team.change"
    GRANT_VIEW = "grant.view"  # of others
    GRANT_CHANGE = "grant.change"
    WEBHOOK_CHANGE = "webhook.change"  # of a team, which is told there of its requests; also to look at them
    OWN_ACCOUNT = "account.own"
    OWN_CHANGE = "account.change"


@dataclass(frozen=True, slots=True)
class Rule:
    """Any one of `roles`, or of `own` for what the person made. `everywhere`: only a grant for every team counts."""

    roles: frozenset[Role]
    own: frozenset[Role] = frozenset()
    everywhere: bool = False
    not_own: bool = False  # never for what the person made
    shared: bool = False  # also for another team's session that was shared with the person
    content: bool = False  # shows rows, which administering gives no right to
    glass: bool = False  # only a grant that says so


def _rule(*roles: Role, own: tuple[Role, ...] = (), **flags: bool) -> Rule:
    return Rule(frozenset(roles), frozenset(own), **flags)


_V, _T, _P, _AUDITOR, _A = Role.VIEWER, Role.TRACER, Role.APPROVER, Role.AUDITOR, Role.ADMIN

# Whoever is signed in.
ANYBODY = frozenset({Action.TOOL_VIEW, Action.TEAM_VIEW, Action.OWN_ACCOUNT, Action.OWN_CHANGE})
RULES: dict[Action, Rule] = {
    Action.HOST_VIEW: _rule(_V, _T, _P, _A),
    Action.HOST_ASK: _rule(_T),
    Action.HOST_JOIN: _rule(_A, everywhere=True),
    Action.HOST_CHANGE: _rule(_A, everywhere=True),
    Action.HOST_REVOKE: _rule(_A, everywhere=True),
    Action.HOST_SWITCH: _rule(_A, everywhere=True),
    Action.FLEET_SWITCH: _rule(_A, everywhere=True),
    Action.SESSION_LIST: _rule(_V, _T, _P, _A, shared=True),
    Action.SESSION_VIEW: _rule(_V, _T, _A, shared=True, content=True),
    Action.SESSION_EXPORT: _rule(_V, _T, _A, shared=True, content=True),
    Action.SESSION_START: _rule(_T),
    Action.SESSION_REVEAL: _rule(_T),
    Action.SESSION_BREAK_GLASS: _rule(_T, glass=True),
    Action.TEMPLATE_KEEP: _rule(_T),
    Action.SESSION_STOP: _rule(_A, own=(_T,)),
    Action.SESSION_DELETE: _rule(_A, own=(_T,)),
    Action.SESSION_SHARE: _rule(_A, own=(_T,), content=True),
    Action.SESSION_UNSHARE: _rule(_A, own=(_T,)),
    Action.SESSION_APPROVE: _rule(_P, not_own=True),
    Action.REQUEST_VIEW: _rule(_V, _T, _P, _A),
    Action.STORAGE_VIEW: _rule(_A, everywhere=True),
    Action.STORAGE_CHANGE: _rule(_A, everywhere=True),
    Action.METRICS_VIEW: _rule(_V, _A, everywhere=True),
    Action.AUDIT_VIEW: _rule(_AUDITOR, _A, everywhere=True),
    Action.USER_VIEW: _rule(_A),
    Action.USER_ADD: _rule(_A, everywhere=True),
    Action.USER_CHANGE: _rule(_A, everywhere=True),
    Action.TEAM_ADD: _rule(_A, everywhere=True),
    Action.TEAM_CHANGE: _rule(_A),
    Action.GRANT_VIEW: _rule(_A),
    Action.GRANT_CHANGE: _rule(_A),
    Action.WEBHOOK_CHANGE: _rule(_A),
}
# What whoever may run commands on the server itself does there; rows are no business of theirs.
CONSOLE = frozenset(
    {
        Action.HOST_JOIN,
        Action.STORAGE_VIEW,
        Action.STORAGE_CHANGE,
        Action.AUDIT_VIEW,
        Action.USER_VIEW,
        Action.USER_ADD,
        Action.USER_CHANGE,
        Action.TEAM_VIEW,
        Action.TEAM_ADD,
        Action.TEAM_CHANGE,
        Action.GRANT_CHANGE,
    }
)
_READ = frozenset(
    {
        Action.TOOL_VIEW,
        Action.HOST_VIEW,
        Action.SESSION_LIST,
        Action.SESSION_VIEW,
        Action.SESSION_EXPORT,
        Action.REQUEST_VIEW,
        Action.STORAGE_VIEW,
        Action.METRICS_VIEW,
        Action.AUDIT_VIEW,
        Action.USER_VIEW,
        Action.TEAM_VIEW,
        Action.OWN_ACCOUNT,
    }
)
# What outlives a token that somebody stole: no scope but the one that is for nothing else, and ends soon.
_PEOPLE = frozenset({Action.USER_ADD, Action.TEAM_CHANGE, Action.GRANT_CHANGE})
# What an API token of the scope is good for, of what its owner may.
SCOPES: dict[Scope, frozenset[Action]] = {
    Scope.READ: _READ,
    Scope.TRACE: _READ
    | {
        Action.HOST_ASK,
        Action.SESSION_START,
        Action.SESSION_REVEAL,
        Action.SESSION_BREAK_GLASS,
        Action.SESSION_STOP,
    },
    Scope.PEOPLE: _PEOPLE
    | {Action.OWN_ACCOUNT, Action.USER_VIEW, Action.TEAM_VIEW, Action.TEAM_ADD, Action.GRANT_VIEW},
    Scope.ALL: frozenset(Action) - _PEOPLE,
}
# The highest class that a link opens; more is shared with people or teams by name.
LINKED = Risk.S2
# The highest class whose rows an admin reads without a grant to view.
ADMIN_READS = Risk.S1
