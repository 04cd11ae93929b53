"""Hosts are told to ask for a new certificate when it is time, and get it on the same stream."""

from __future__ import annotations

import logging
import time

from proto.v1.agent_pb2 import CertificateRequest, ServerMessage
from server.fleet import certificates
from server.ingest.database import in_db
from server.ingest.links import Link, Links

log = logging.getLogger(__name__)

AT_ONCE = 50  # hosts of one round: all of a large fleet would sign, save and connect again together
AGAIN_SECONDS = 60.0  # after an order that had no effect


async def round_of(links: Links) -> None:
    now = time.monotonic()
    held = {link.host: link for link in links.all() if now - link.renewal_ordered > AGAIN_SECONDS}
    due = list(await in_db(certificates.due, held))[:AT_ONCE] if held else []
    if not due:
        return
    order = ServerMessage(renew=await in_db(certificates.order))
    for host in due:
        held[host].renewal_ordered = now
        held[host].send(order)


async def asked(link: Link, request: CertificateRequest) -> None:
    """A host that may have none is let go; what it has done is on record."""
    try:
        pem = await in_db(certificates.renew, link.host, request.csr_pem)
    except certificates.RenewalError as error:
        log.warning("%s gets no certificate: %s", link.name, error)
        link.close()
        return
    link.send(ServerMessage(certificate_pem=pem))
