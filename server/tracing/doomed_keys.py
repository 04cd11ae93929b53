"""Keys that hosts keep of deleted sessions: each host is told to destroy them until it says that it did."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable

from proto.v1.agent_pb2 import DestroyedKeys
from server import nudge
from server.tracing.models import DoomedKey, Run

AT_ONCE = 500  # of one host in one message


def order(runs: Iterable[Run]) -> None:
    """Hosts that are away hear of it when they come back."""
    made = [DoomedKey(run=run.pk, host_id=run.host_id) for run in runs if run.host.revoked_at is None]
    DoomedKey.objects.bulk_create(made, ignore_conflicts=True)
    nudge.hosts({key.host_id for key in made})


def doomed(hosts: Iterable[uuid.UUID]) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """By host, what it has not destroyed yet."""
    found: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for host, run in DoomedKey.objects.filter(host__in=list(hosts)).order_by("run").values_list("host", "run"):
        if len(found[host]) < AT_ONCE:
            found[host].add(run)
    return {host: frozenset(runs) for host, runs in found.items()}


def destroyed(host: uuid.UUID, report: DestroyedKeys) -> None:
    """What another host says of a run is of no weight."""
    runs = [uuid.UUID(bytes=run) for run in report.run_ids[:AT_ONCE] if len(run) == 16]
    DoomedKey.objects.filter(host=host, run__in=runs).delete()
