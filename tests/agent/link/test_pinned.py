from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from agent.link.pinned import PinError, fetch_ca, presented_chain
from tests.agent.support.server import FleetServer


def _digest(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def test_the_ca_is_taken_from_the_handshake_when_it_is_the_pinned_one(server: FleetServer) -> None:
    ca = server.authority.certificate
    pem = fetch_ca(server.address, _digest(ca))
    assert x509.load_pem_x509_certificate(pem) == ca
    assert len(presented_chain(server.address)) == 2


def test_another_server_is_not_believed(server: FleetServer) -> None:
    with pytest.raises(PinError, match="is not the server that the join command names"):
        fetch_ca(server.address, "0" * 64)


def test_no_server_is_said_to_be_none() -> None:
    with pytest.raises(PinError, match="cannot be reached"):
        fetch_ca("localhost:1", "0" * 64)
