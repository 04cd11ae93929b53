"""People with rights, made without a word in the audit."""

from __future__ import annotations

from typing import Any

from server.accounts.models import DEFAULT_TEAM, Grant, Risk, Role, Team, User


def team(name: str = DEFAULT_TEAM) -> Team:
    found, _ = Team.objects.get_or_create(name=name)
    return found


def grant(person: User | None, role: str, scope: Team | None, **fields: Any) -> Grant:
    """Of the highest class and without bounds unless told otherwise."""
    return Grant.objects.create(**{"person": person, "role": role, "team": scope, "risk": Risk.S3, **fields})


def begin(person: User, role: str) -> User:
    """What a new person of this role may do: an admin traces for the default team too."""
    everywhere = role in (Role.ADMIN, Role.AUDITOR)
    if role:
        grant(person, role, None if everywhere else team())
    if role == Role.ADMIN:
        grant(person, Role.TRACER, team())
    return person
