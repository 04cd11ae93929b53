"""`python -m server ca`: the authority is replaced while hosts are connected, on record, losing no host unnamed."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import QuerySet

from server import authority
from server.audit.record import record
from server.authority import Fingerprints
from server.errors import Conflict
from server.fleet.models import Host

_SHOWN = 20


def described() -> str:
    """Lines for people: the authorities, and the hosts that have not followed."""
    found = authority.fingerprints(settings.ENV.keys)
    lines = [f"present\t{found.present}"]
    if found.coming:
        lines.append(f"coming\t{found.coming}")
    waiting = _names(_waiting(found))
    return "\n".join([*lines, f"hosts that do not follow yet\t{_listed(waiting) or 'none'}"])


def begin(actor: str) -> str:
    """Raises Conflict while a rotation is under way."""
    found = authority.begin(settings.ENV.keys)
    record("ca.rotate", actor, detail={"present": found.present, "coming": found.coming})
    return f"{described()}\nconnected hosts follow within minutes; then run `python -m server ca finish`"


def finish(actor: str, without: Iterable[str]) -> str:
    """Raises Conflict while hosts would be lost that were not named."""
    before, left = authority.fingerprints(settings.ENV.keys), set(without)
    waiting = _names(_waiting(before)) if before.coming else []
    lost = [name for name in waiting if name not in left]
    if lost:
        raise Conflict(
            f"{_listed(lost)} could not connect any more; let them connect once, or give --without HOST for each "
            "that shall join again"
        )
    found = authority.finish(settings.ENV.keys, settings.ENV.grpc_names)
    record("ca.finish", actor, hosts=waiting, detail={"forgotten": before.present, "present": found.present})
    return described()


def _waiting(found: Fingerprints) -> QuerySet[Host]:
    following = {"certificate_ca": found.signing, "trust_generation": found.generation, "next_serial": ""}
    return Host.objects.filter(revoked_at=None).exclude(**following)


def _names(hosts: Iterable[Host]) -> list[str]:
    return sorted(host.name for host in hosts)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
