"""Does a session need the agreement of others, of how many, and why?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from server.accounts.models import Risk
from server.errors import Conflict
from server.fleet.models import Host


class ApprovalNeeded(Conflict):
    """Nothing was started: ask for approval with the same words."""

    code = "approval_needed"


@dataclass(frozen=True, slots=True)
class Need:
    """``people``: besides the one who asks. ``signed``: with signatures, because hosts check them."""

    people: int
    signed: bool
    why: str


def need(risk: int, hosts: Sequence[Host]) -> Need | None:
    """None: it may start at once. Whether plaintext needs signatures, each host's own policy says."""
    reasons, people = [], 0
    asking = [host for host in hosts if risk == Risk.S3 and host.approvals_needed]
    if asking:
        people = max(host.approvals_needed for host in asking)
        names = ", ".join(host.name for host in asking[:3]) + (" and others" if len(asking) > 3 else "")
        reasons.append(f"it shows plaintext (S3), which {names} wants signed by who asks and {_others(people)}")
    most = settings.ENV.approval_hosts
    if most and len(hosts) > most:
        people = max(people, 1)
        reasons.append(f"it runs on {len(hosts)} hosts, more than the {most} that one person may start alone")
    return Need(people, bool(asking), "; ".join(reasons)) if reasons else None


def _others(people: int) -> str:
    return "1 other person" if people == 1 else f"{people} others"
