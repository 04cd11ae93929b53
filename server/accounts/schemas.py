"""Shapes of the accounts' API."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from server.accounts import factors
from server.accounts.models import NAME_LENGTH, NAME_PATTERN, User
from server.accounts.policy import Action, decide

Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, pattern=NAME_PATTERN)]
Password = Annotated[str, Field(min_length=1, max_length=1024)]
RoleName = Literal["viewer", "tracer", "admin"]


class Can(Schema):
    start: bool
    reveal: bool
    stop_any: bool
    approve: bool
    admin: bool
    audit: bool


class Me(Schema):
    username: str
    role: RoleName
    one_time: bool
    can: Can


class NewPassword(Schema):
    password: Password
    current: Annotated[str, Field(max_length=1024)] = ""


class NewUser(Schema):
    username: Name
    password: Password
    role: RoleName = "viewer"


class UserChange(Schema):
    role: RoleName | None = None
    active: bool | None = None
    password: Password | None = None


class UserOut(Schema):
    username: str
    role: RoleName
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


def me(user: User) -> dict[str, Any]:
    can = {
        "start": decide(user, Action.SESSION_START).allowed,
        "reveal": user.role == "admin",
        "approve": decide(user, Action.SESSION_APPROVE).allowed,
        "stop_any": user.role == "admin",
        "admin": decide(user, Action.USER_CHANGE).allowed,
        "audit": decide(user, Action.AUDIT_VIEW).allowed,
    }
    return {"username": user.username, "role": user.role, "one_time": user.one_time, "can": can}


def user_out(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "role": user.role,
        "active": user.is_active,
        "one_time": user.one_time,
        "factors": factors.of(user).methods,
        "created_at": user.created_at,
    }
