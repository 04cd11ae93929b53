"""That starts stand in the audit: their entries, and the way from each to one signed head. Hosts ask for it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection

from proto import merkle
from proto.v1.agent_pb2 import StartRecord
from server.audit import checkpoints
from server.audit.leaf import leaf_bytes
from server.audit.models import AuditEntry, Checkpoint
from server.audit.tree import Nodes

log = logging.getLogger(__name__)


def of_starts(sessions: Collection[uuid.UUID]) -> dict[uuid.UUID, StartRecord]:
    """Of those that have an entry. One head for all; it is signed now if the newest does not reach them. For the role
    that has the audit's key."""
    wanted = AuditEntry.objects.filter(session__in=sessions, action="session.start", outcome="done").order_by("id")
    entries = list(wanted)
    if not entries:
        return {}
    try:
        return _proven(entries, _reaching(entries[-1].id))
    except KeyError:
        # Stops wait behind starts, so these go out, and hosts refuse them.
        log.exception("the audit's tree has a hole, so no start can be proven; see `python -m server audit verify`")
        return {}


def _reaching(entry: int) -> Checkpoint:
    newest = Checkpoint.objects.order_by("-size").first()
    return newest if newest and newest.size >= entry else checkpoints.sign_head()


def _proven(entries: list[AuditEntry], head: Checkpoint) -> dict[uuid.UUID, StartRecord]:
    paths = Nodes().evaluate(lambda node: [merkle.inclusion_path(entry.id - 1, head.size, node) for entry in entries])
    return {
        entry.session: StartRecord(entry=leaf_bytes(entry), index=entry.id - 1, proof=path, note=head.note)
        for entry, path in zip(entries, paths, strict=True)
        if entry.session
    }
