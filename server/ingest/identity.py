"""Who is calling: only ever from the client certificate of the TLS connection."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from grpc import StatusCode
from grpc.aio import ServicerContext

from server import pki
from server.fleet.models import Host
from server.fleet.presence import UnknownHostError, identified
from server.ingest.database import in_db


async def calling_host(context: ServicerContext[Any, Any], ca: x509.Certificate) -> Host:
    """Ends the call with UNAUTHENTICATED when the certificate is not that of a host of the fleet."""
    try:
        name, serial = _named(context, ca)
        return await in_db(identified, name, serial)
    except UnknownHostError as error:
        await context.abort(StatusCode.UNAUTHENTICATED, str(error))


def _named(context: ServicerContext[Any, Any], ca: x509.Certificate) -> tuple[str, int]:
    pem = b"".join(context.auth_context().get("x509_pem_cert", ()))
    if not pem:
        raise UnknownHostError("no client certificate; join the fleet first")
    certificate = x509.load_pem_x509_certificate(pem)
    # The handshake also lets joining agents in; their certificate is not of our CA.
    if not pki.issued_by(certificate, ca):
        raise UnknownHostError("this certificate is good for joining only; join the fleet first")
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value), certificate.serial_number
