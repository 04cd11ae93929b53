"""Grants in words, for people who read lists."""

from __future__ import annotations

from server.accounts.models import Grant


def columns(grant: Grant) -> list[str]:
    """Holder, role, team, hosts, highest class, bounds."""
    holder = f"members of {grant.holders}" if grant.holders else str(grant.person)
    if grant.identity:
        holder = f"{holder} by groups at {grant.identity.issuer}"
    team = grant.team.name if grant.team else "every team"
    glass = ", may break the glass" if grant.break_glass else ""
    return [holder, f"{grant.role}{glass}", team, hosts(grant), f"S{grant.risk}", bounds(grant)]


def hosts(grant: Grant) -> str:
    labels = [f"{key}={value}" for key, value in sorted(grant.host_labels.items())]
    return " ".join([*grant.host_names, *labels]) or "every host"


def bounds(grant: Grant) -> str:
    percent = None if grant.max_budget_permille is None else grant.max_budget_permille / 10
    found = (
        (grant.max_seconds, "{} s"),
        (grant.max_rows, "{} rows"),
        (percent, "{:g}% CPU"),
        (grant.max_hosts, "{} hosts"),
    )
    return ", ".join(words.format(value) for value, words in found if value is not None) or "no bounds"
