"""What the gRPC server proves itself with and whom it believes.

Read again for every handshake: a rotation of the CA and a renewed certificate count from the next connection on, in
every process. gRPC is told only of a change: when it swaps credentials, a handshake that another thread is just
beginning may use the old ones after they were freed, and the process dies (gRPC's issue 36693, open with 1.85). Told
anew at every handshake, a server crashed in two of three tries at letting 1,000 hosts connect at once.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from cryptography import x509

from proto import joining
from server import authority, keys, pki

log = logging.getLogger(__name__)


class _Present(NamedTuple):
    """In PEM: (private key, chain), and whom to believe."""

    identity: tuple[bytes, bytes]
    roots: bytes


class Credentials:
    """Raises KeysMissing when there is nothing to begin with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._joining = joining.trust_anchor()
        self._trusted = authority.trusted(folder)
        self._present = self._read()

    def grpc(self) -> grpc.ServerCredentials:
        first = _configuration(self._present)
        return grpc.dynamic_ssl_server_credentials(first, self._fetch, require_client_authentication=True)

    def trusted(self) -> list[x509.Certificate]:
        """Authorities of hosts' certificates."""
        return self._trusted

    def _fetch(self) -> Any:  # gRPC's stubs do not name its type
        """Called by gRPC's own threads; None keeps what there is, also when it cannot be read again."""
        try:
            self._trusted = authority.trusted(self._folder)
            found = self._read()
        except (OSError, ValueError, keys.KeysMissing) as error:
            log.error("the server's certificates cannot be read again: %s", error)
            return None
        if found == self._present:
            return None
        self._present = found
        return _configuration(found)

    def _read(self) -> _Present:
        roots = b"".join(map(pki.pem, self._trusted)) + self._joining
        return _Present(keys.grpc_identity(self._folder), roots)


def _configuration(present: _Present) -> Any:
    return grpc.ssl_server_certificate_configuration([present.identity], present.roots)
