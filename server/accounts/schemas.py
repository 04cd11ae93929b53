"""Shapes of the accounts' API."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from server.accounts import factors, grants
from server.accounts.models import NAME_LENGTH, NAME_PATTERN, Grant, Risk, Role, Team, User
from server.accounts.policy import About, Action, decide, reach

Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, pattern=NAME_PATTERN)]
Password = Annotated[str, Field(min_length=1, max_length=1024)]
RoleName = Literal["viewer", "tracer", "approver", "auditor", "admin"]
RiskName = Literal["s0", "s1", "s2", "s3"]
ScopeName = Literal["read", "trace", "people", "all"]
OverallRole = Literal["viewer", "tracer", "approver", "auditor", "admin", "none"]


class Can(Schema):
    """`look`: at hosts, the list of sessions and requests. `password`: whether there is one to change."""

    look: bool
    password: bool
    start: bool
    reveal: bool
    stop_any: bool
    approve: bool
    admin: bool
    audit: bool
    grant: bool


class Me(Schema):
    """`role` is the strongest that anything grants, `teams` are those for which sessions may be started."""

    username: str
    role: OverallRole
    teams: list[str]
    one_time: bool
    can: Can


class NewPassword(Schema):
    password: Password
    current: Annotated[str, Field(max_length=1024)] = ""


class NewUser(Schema):
    """`role`: what the person begins with in the team `default`; null: nothing is granted yet."""

    username: Name
    password: Password
    role: RoleName | None = "viewer"


class UserChange(Schema):
    model_config = ConfigDict(extra="forbid")

    active: bool | None = None
    password: Password | None = None


class UserOut(Schema):
    username: str
    role: OverallRole
    active: bool
    one_time: bool
    factors: list[str]
    created_at: datetime.datetime


class AuditOut(Schema):
    id: int
    time: datetime.datetime
    actor: str
    action: str
    outcome: str
    tool: str
    hosts: list[str]
    session: uuid.UUID | None
    reason: str
    detail: dict[str, Any]
    hash: str


class AuditPage(Schema):
    items: list[AuditOut]


_STRONGEST_FIRST = (Role.ADMIN, Role.TRACER, Role.APPROVER, Role.VIEWER, Role.AUDITOR)


def me(user: User) -> dict[str, Any]:
    can = {
        "look": decide(user, Action.HOST_VIEW).allowed,
        "password": user.one_time or user.has_usable_password(),
        "start": decide(user, Action.SESSION_START).allowed,
        "reveal": decide(user, Action.SESSION_REVEAL, About(risk=Risk.S3)).allowed,
        "approve": decide(user, Action.SESSION_APPROVE).allowed,
        "stop_any": decide(user, Action.SESSION_STOP).allowed,
        "admin": decide(user, Action.USER_CHANGE).allowed,
        "audit": decide(user, Action.AUDIT_VIEW).allowed,
        "grant": decide(user, Action.GRANT_CHANGE).allowed,
    }
    shown = {"username": user.username, "role": overall_role(user), "teams": starts_for(user)}
    return {**shown, "one_time": user.one_time, "can": can}


def overall_role(user: User) -> str:
    held = grants.roles(user)
    return next((str(role) for role in _STRONGEST_FIRST if role in held), "none")


def starts_for(user: User) -> list[str]:
    reaching: list[Grant] = reach(user, Action.SESSION_START)
    if any(grant.team is None for grant in reaching):
        return list(Team.objects.values_list("name", flat=True))
    return sorted({grant.team.name for grant in reaching if grant.team})


def user_out(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "role": overall_role(user),
        "active": user.is_active,
        "one_time": user.one_time,
        "factors": factors.of(user).methods,
        "created_at": user.created_at,
    }
