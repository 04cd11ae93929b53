"""Hosts as witnesses of the audit: each is offered every new signed head, with the proof that it extends its last."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from proto import checkpoint
from proto.v1.agent_pb2 import AuditHead, Witnessed
from server import keys
from server.audit import tree
from server.audit.models import Checkpoint
from server.fleet import presence
from server.ingest.database import in_db
from server.ingest.links import Link, Links


def heard(link: Link, witnessed: Witnessed) -> None:
    """What the host holds; written down with the next round."""
    link.witness.held, link.witness.news = witnessed, True
    link.witness.waiting = max(0, link.witness.waiting - 1)


async def round_of(links: Links) -> None:
    """Write down what hosts hold, and offer the newest head to those that have not been."""
    told = [link for link in links.all() if link.witness.news]
    for link in told:
        link.witness.news = False
    if told:
        await in_db(presence.witnessed, [(link.host, link.witness.held) for link in told])
    async with links.heads:
        await offer([link for link in links.all() if not link.witness.waiting])


async def offer(links: Iterable[Link], note: str = "") -> None:
    """This head, or the newest, to those that were not offered it. For who holds the lock `heads`."""
    for link, head, size in await in_db(_offers, links, note):
        link.offer(head, size)


def _offers(links: Iterable[Link], note: str) -> list[tuple[Link, AuditHead, int]]:
    newest = Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()
    note = note or newest or ""
    behind = [link for link in links if link.witness.offered != note]
    if not note or not behind:
        return []
    key = keys.audit_public(settings.ENV.keys)
    size = checkpoint.opened(note, key).size
    made: dict[int, AuditHead] = {}
    for since in {link.witness.holds for link in behind}:
        # A host that holds more than there is here has to see that, so it gets a head without a proof.
        proof = tree.consistency(since, size) if 0 < since <= size else []
        made[since] = AuditHead(note=note, log_key=key, proof=proof, since=since)
    return [(link, made[link.witness.holds], size) for link in behind]
