"""What a connected host says about itself, written down: facts, labels, verdicts, and that it is here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from bpf.calls import LISTED_MAX
from proto.checkpoint import NOTE_MAX
from proto.shortform import enum_short, to_dict
from proto.v1.agent_pb2 import Hello, Verdict, Witnessed
from server.audit.record import record
from server.fleet.certificates import presented
from server.fleet.models import Host, HostVerdict

MAX_LABELS = 64
MAX_APPROVALS = 1000
MAX_VERDICTS = 1000
_LINE = 1000


class UnknownHostError(PermissionError):
    """The certificate belongs to no host that may connect. ``host``: its name, where that is known."""

    def __init__(self, message: str, host: str = "") -> None:
        super().__init__(message)
        self.host = host


def identified(host_id: str, serial: int) -> Host:
    """The host of a certificate that our CA issued. Raises UnknownHostError."""
    try:
        host = Host.objects.filter(id=uuid.UUID(host_id)).first()
    except ValueError:
        host = None
    if host is not None and host.revoked_at is not None:
        raise UnknownHostError(f"{host.name} was revoked; join it again with a new token", host.name)
    if host is None or not presented(host, serial):
        raise UnknownHostError("the fleet does not know this host; join it again with a new token")
    return host


def connected(host_id: uuid.UUID, connection: str, hello: Hello) -> None:
    """From now on this connection holds the host; an older one lets go when it sees that."""
    now = timezone.now()
    with transaction.atomic():
        Host.objects.filter(id=host_id).update(connection=connection, connected_at=now, last_seen=now)
        described(host_id, hello)


def described(host_id: uuid.UUID, hello: Hello) -> None:
    """Hello comes again on an open connection when the host's own policy or switch has changed."""
    with transaction.atomic():
        Host.objects.filter(id=host_id).update(
            agent_version=_clean(hello.agent_version)[:64],
            facts=_facts(hello),
            own_labels=_labels(hello),
            policy_digest=hello.policy_digest[:64].hex(),
            remote_off=hello.remote_off,
            approvals_needed=min(hello.approvals_needed, MAX_APPROVALS),
            numbers=[_clean(one) for one in hello.numbers[:LISTED_MAX]],
        )
        judged(host_id, hello.verdicts[:MAX_VERDICTS])


def judged(host_id: uuid.UUID, verdicts: Iterable[Verdict]) -> None:
    """Of several verdicts on one tool the last one counts."""
    rows = {_clean(verdict.tool)[:64]: _row(host_id, verdict) for verdict in verdicts}
    HostVerdict.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["host", "tool"],
        update_fields=["digest", "state", "variant", "reason"],
    )


def _row(host_id: uuid.UUID, verdict: Verdict) -> HostVerdict:
    return HostVerdict(
        host_id=host_id,
        tool=_clean(verdict.tool)[:64],
        digest=verdict.tool_digest[:32].hex(),
        state=enum_short(Verdict.State.DESCRIPTOR, verdict.state),
        variant=_clean(verdict.variant)[:64],
        reason=_clean(verdict.reason),
    )


def holding(connections: Iterable[str]) -> set[str]:
    """Those of the connections that still hold a host that may connect."""
    mine = Host.objects.filter(connection__in=[name for name in connections if name], revoked_at=None)
    return set(mine.values_list("connection", flat=True))


def still_here(connections: Iterable[str]) -> None:
    Host.objects.filter(connection__in=[name for name in connections if name]).update(last_seen=timezone.now())


def waiting(host_id: uuid.UUID, spool_bytes: int, unacked_batches: int) -> None:
    """What is on the host's disk and not known to be stored here."""
    most = 2**63 - 1
    Host.objects.filter(id=host_id).update(
        spool_bytes=min(spool_bytes, most), unacked_batches=min(unacked_batches, most)
    )


def witnessed(told: Iterable[tuple[uuid.UUID, Witnessed]]) -> None:
    """Which head of the audit each host holds. That one refuses to go on from there is itself put on record, once."""
    with transaction.atomic():
        for host_id, held in told:
            note, trouble = _clean(held.note)[:NOTE_MAX], _clean(held.trouble)
            before = Host.objects.filter(id=host_id).values_list("name", "audit_trouble").first()
            Host.objects.filter(id=host_id).exclude(audit_note=note, audit_trouble=trouble).update(
                audit_note=note, audit_trouble=trouble
            )
            if before is not None and before[1] != trouble:
                detail = {"refusal": trouble} if trouble else {"before": before[1]}
                record("host.witness", before[0], "refused" if trouble else "done", hosts=[before[0]], detail=detail)


def disconnected(connection: str) -> None:
    Host.objects.filter(connection=connection).update(connection="", connected_at=None, last_seen=timezone.now())


def _facts(hello: Hello) -> dict[str, Any]:
    facts = to_dict(hello.facts)
    return {name: _clean(value) if isinstance(value, str) else value for name, value in facts.items()}


def _labels(hello: Hello) -> dict[str, str]:
    items = sorted(hello.labels.items())[:MAX_LABELS]
    return {_clean(key)[:64]: _clean(value)[:256] for key, value in items}


def _clean(text: str) -> str:
    """PostgreSQL refuses NUL in text; a hostile host shall not break its own row with it."""
    return text.replace("\0", "")[:_LINE]
