"""Hosts as witnesses of the audit: each is offered every new signed head, with the proof that it extends its last."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from proto.v1.agent_pb2 import AuditHead, ServerMessage, Witnessed
from server import keys
from server.audit import tree
from server.audit.models import Checkpoint
from server.fleet import presence
from server.ingest.database import in_db
from server.ingest.links import Link, Links


def heard(link: Link, witnessed: Witnessed) -> None:
    """What the host holds; written down with the next round."""
    link.witness.held, link.witness.news, link.witness.waiting = witnessed, True, False


async def round_of(links: Links) -> None:
    """Write down what hosts hold, and offer the newest head to those that have not been."""
    told = [link for link in links.all() if link.witness.news]
    for link in told:
        link.witness.news = False
    if told:
        await in_db(presence.witnessed, [(link.host, link.witness.held) for link in told])
    ready = [link for link in links.all() if not link.witness.waiting]
    for link, head in await in_db(_offers, ready):
        link.witness.offered, link.witness.waiting = head.note, True
        link.send(ServerMessage(audit_head=head))


def _offers(links: Iterable[Link]) -> list[tuple[Link, AuditHead]]:
    newest = Checkpoint.objects.order_by("-size").first()
    behind = [link for link in links if newest and link.witness.offered != newest.note]
    if newest is None or not behind:
        return []
    key = keys.audit_public(settings.ENV.keys)
    made: dict[int, AuditHead] = {}
    for since in {link.witness.held.size for link in behind}:
        # A host that holds more than there is here has to see that, so it gets a head without a proof.
        proof = tree.consistency(since, newest.size) if 0 < since <= newest.size else []
        made[since] = AuditHead(note=newest.note, log_key=key, proof=proof, since=since)
    return [(link, made[link.witness.held.size]) for link in behind]
