"""Gets the server's CA certificate from its own TLS handshake and believes it only if its digest is the pinned one."""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

SECONDS = 10


class PinError(RuntimeError):
    """The server could not be reached or is not the one that the join command names."""


def fetch_ca(address: str, sha256: str) -> bytes:
    """PEM of the presented certificate with this digest (hex, of its DER form). Raises PinError."""
    try:
        chain = presented_chain(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PinError(f"{address} cannot be reached ({reason}); check the address and the firewall between") from error
    for der in chain:
        if hashlib.sha256(der).hexdigest() == sha256:
            return ssl.DER_cert_to_PEM_cert(der).encode()
    raise PinError(
        f"{address} is not the server that the join command names (its CA's sha-256 differs); "
        "get a new join command from the right server"
    )


def presented_chain(address: str) -> list[bytes]:
    """DER certificates as the peer sends them, unverified: only fit for comparing with a pin. Raises OSError."""
    parts = urlsplit(f"//{address}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((parts.hostname or "", parts.port or 0), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=parts.hostname) as secure,
    ):
        return _chain(secure)


def _chain(secure: ssl.SSLSocket) -> list[bytes]:
    """Public from Python 3.13 on; before, the same call is one level deeper and gives certificate objects."""
    public: Any = getattr(secure, "get_unverified_chain", None)
    if public is not None:
        return list(public())
    inner: Any = getattr(secure, "_sslobj")  # noqa: B009
    certificates: Sequence[Any] = inner.get_unverified_chain() or ()
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in certificates]
