"""`python -m server team` and `grant`: who may do what, from the machine itself."""

from __future__ import annotations

import argparse
import re

from bpf.params import parse_duration
from server.commands import check_migrated, command, say
from server.errors import Invalid

_PERCENT = re.compile(r"([0-9]+(?:\.[0-9])?)%")


@command
def team_list(_: argparse.Namespace) -> int:
    from server.accounts import teams
    from server.accounts.models import Team

    check_migrated()
    for team in Team.objects.all():
        say(f"{team.name}\t{' '.join(teams.team_facts(team)['members'])}")
    return 0


@command
def team_add(arguments: argparse.Namespace) -> int:
    from server.accounts import teams
    from server.accounts.policy import CONSOLE_ACTOR

    check_migrated()
    teams.add(CONSOLE_ACTOR, arguments.team)
    return 0


@command
def team_rename(arguments: argparse.Namespace) -> int:
    from server.accounts import teams
    from server.accounts.policy import CONSOLE_ACTOR

    check_migrated()
    teams.rename(CONSOLE_ACTOR, teams.named(arguments.team), arguments.new)
    return 0


@command
def team_remove(arguments: argparse.Namespace) -> int:
    from server.accounts import teams
    from server.accounts.policy import CONSOLE_ACTOR

    check_migrated()
    teams.remove(CONSOLE_ACTOR, teams.named(arguments.team))
    return 0


@command
def team_join(arguments: argparse.Namespace) -> int:
    from server.accounts import teams
    from server.accounts.policy import CONSOLE_ACTOR

    check_migrated()
    teams.join(CONSOLE_ACTOR, teams.named(arguments.team), arguments.username)
    return 0


@command
def team_leave(arguments: argparse.Namespace) -> int:
    from server.accounts import teams
    from server.accounts.policy import CONSOLE_ACTOR

    check_migrated()
    teams.leave(CONSOLE_ACTOR, teams.named(arguments.team), arguments.username)
    return 0


@command
def grant_list(_: argparse.Namespace) -> int:
    """number, holder, role, team, hosts, class, bounds."""
    from server.accounts.models import Grant
    from server.accounts.words import columns

    check_migrated()
    for grant in Grant.objects.select_related("person", "holders", "team", "identity"):
        say("\t".join([str(grant.pk), *columns(grant)]))
    return 0


@command
def grant_add(arguments: argparse.Namespace) -> int:
    from server.accounts import teams
    from server.accounts.grants import Bounds
    from server.accounts.policy import CONSOLE_ACTOR

    check_migrated()
    terms = teams.Terms(
        arguments.role,
        arguments.person,
        arguments.members,
        arguments.team,
        arguments.hosts,
        _labels(arguments.labels),
        int(arguments.risk[1]),
        Bounds(_seconds(arguments.duration), arguments.rows, _permille(arguments.budget), arguments.max_hosts),
        arguments.break_glass,
    )
    say(str(teams.give(CONSOLE_ACTOR, terms).pk))
    return 0


@command
def grant_remove(arguments: argparse.Namespace) -> int:
    from server.accounts import teams
    from server.accounts.policy import CONSOLE_ACTOR

    check_migrated()
    teams.take(CONSOLE_ACTOR, teams.grant_by(arguments.number))
    return 0


def _labels(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if any(not equals or not key for key, equals, _ in pairs):
        raise Invalid("a label is written KEY=VALUE, like env=staging")
    return {key: value for key, _, value in pairs}


def _seconds(text: str) -> int | None:
    if not text:
        return None
    try:
        seconds = parse_duration(text) // 10**9
    except ValueError as error:
        raise Invalid(str(error)) from error
    if seconds < 1:
        raise Invalid(f"{text} is no bound: give 1s or more")
    return seconds


def _permille(text: str) -> int | None:
    match = _PERCENT.fullmatch(text)
    if text and match is None:
        raise Invalid(f"{text!r} is no share of a CPU; write it like 3%")
    return round(float(match[1]) * 10) if match else None
