"""What the gRPC server proves itself with and whom it believes.

Read again for every handshake: a rotation of the CA and a renewed certificate count from the next connection on, in
every process.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509

from proto import joining
from server import authority, keys, pki

log = logging.getLogger(__name__)


class Credentials:
    """Raises KeysMissing when there is nothing to begin with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._joining = joining.trust_anchor()
        self._trusted = authority.trusted(folder)
        self._present = self._read()

    def grpc(self) -> grpc.ServerCredentials:
        return grpc.dynamic_ssl_server_credentials(self._present, self._fetch, require_client_authentication=True)

    def trusted(self) -> list[x509.Certificate]:
        """Authorities of hosts' certificates."""
        return self._trusted

    def _fetch(self) -> Any:
        """Called by gRPC's own threads. What cannot be read leaves everything as it was."""
        try:
            self._trusted = authority.trusted(self._folder)
            self._present = self._read()
        except (OSError, ValueError, keys.KeysMissing) as error:
            log.error("the server's certificates cannot be read again: %s", error)
        return self._present

    def _read(self) -> Any:  # gRPC's stubs do not name its type
        roots = b"".join(map(pki.pem, self._trusted)) + self._joining
        return grpc.ssl_server_certificate_configuration([keys.grpc_identity(self._folder)], roots)
