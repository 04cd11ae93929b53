"""Who is calling: only ever from the client certificate of the TLS connection."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.x509.oid import NameOID
from grpc import StatusCode
from grpc.aio import ServicerContext

from proto.trust import issued_by
from server.fleet.models import Host
from server.fleet.presence import UnknownHostError, identified
from server.ingest import refused
from server.ingest.database import in_db


@dataclass(frozen=True, slots=True)
class Caller:
    """`until`: when the certificate that it came with ends."""

    host: Host
    until: datetime.datetime
    address: str


async def calling(context: ServicerContext[Any, Any], authorities: Iterable[x509.Certificate]) -> Caller:
    """Ends the call with UNAUTHENTICATED when the certificate is not that of a host of the fleet."""
    address = address_of(context.peer())
    try:
        certificate = _certificate(context, authorities)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        host = await in_db(identified, str(names[0].value), certificate.serial_number)
    except UnknownHostError as error:
        await refused.kept(refused.Sender(error.host, address), refused.Kind.IDENTITY, str(error))
        await context.abort(StatusCode.UNAUTHENTICATED, str(error))
    return Caller(host, certificate.not_valid_after_utc, address)


def address_of(peer: str) -> str:
    """``ipv4:10.0.0.1:4711`` → ``10.0.0.1``, ``ipv6:%5B::1%5D:4711`` → ``::1``."""
    return unquote(peer.partition(":")[2].rpartition(":")[0]).strip("[]") or peer


def _certificate(context: ServicerContext[Any, Any], authorities: Iterable[x509.Certificate]) -> x509.Certificate:
    pem = b"".join(context.auth_context().get("x509_pem_cert", ()))
    if not pem:
        raise UnknownHostError("no client certificate; join the fleet first")
    certificate = x509.load_pem_x509_certificate(pem)
    # The handshake also lets joining agents in; their certificate is not of our CA.
    if not issued_by(certificate, authorities):
        raise UnknownHostError("this certificate is good for joining only; join the fleet first")
    return certificate
