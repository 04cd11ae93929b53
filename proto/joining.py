"""The TLS client identity of a host that has none yet: what a joining agent presents, and the anchor the server trusts.

gRPC's Python server either demands a client certificate from everybody or asks nobody for one. So a joining agent
presents this one, whose key is public on purpose: it proves nothing, and opens `Enrolment` alone. The join token is
what counts there.
"""

from __future__ import annotations

import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

COMMON_NAME = "fleetscope joining agent"
_ANCHOR_NAME = "fleetscope joining agents (public key)"
_LIFETIME = datetime.timedelta(days=3650)
_CLOCK_SLACK = datetime.timedelta(days=2)


def client_identity() -> tuple[bytes, bytes]:
    """(private key, certificate) in PEM, for `grpc.ssl_channel_credentials` while joining."""
    key = _public_key_pair()
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem, _certificate(COMMON_NAME, is_anchor=False)


def trust_anchor() -> bytes:
    """The PEM certificate that the server trusts beside its own CA, to let joining agents through the handshake."""
    return _certificate(_ANCHOR_NAME, is_anchor=True)


def _public_key_pair() -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(hashlib.sha256(b"fleetscope: known to everybody").digest()) >> 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def _certificate(common_name: str, *, is_anchor: bool) -> bytes:
    key, now = _public_key_pair(), datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(_name(_ANCHOR_NAME))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=is_anchor, path_length=None), critical=True)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
