"""Which certificate authorities a host trusts, as its fleet's authority says it.

Signed, so that neither the link nor the gRPC server's own key can give a host another anchor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.message import DecodeError

from proto.v1.agent_pb2 import SignedTrust, TrustList

MOST = 4  # authorities; a rotation needs two
_DOMAIN = b"fleetscope-trust-v1\0"
_ALGORITHM = ec.ECDSA(hashes.SHA256())


# What reading a certificate or a request raises: versions and algorithms that nobody knows are no ValueError.
UNREADABLE = (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm)


class TrustError(ValueError):
    """The list cannot be believed. The text says why."""


@dataclass(frozen=True, slots=True)
class Trust:
    """``generation`` grows with every change, so an older list is not taken again."""

    generation: int
    authorities: tuple[x509.Certificate, ...]

    @property
    def pem(self) -> bytes:
        return b"".join(authority.public_bytes(serialization.Encoding.PEM) for authority in self.authorities)


def sign(trust: Trust, keys: Iterable[ec.EllipticCurvePrivateKey]) -> SignedTrust:
    """A host needs to know one of the keys."""
    ders = [authority.public_bytes(serialization.Encoding.DER) for authority in trust.authorities]
    payload = TrustList(generation=trust.generation, ca_der=ders).SerializeToString(deterministic=True)
    return SignedTrust(payload=payload, signatures=[key.sign(_DOMAIN + payload, _ALGORITHM) for key in keys])


def opened(signed: SignedTrust, known: Iterable[x509.Certificate]) -> Trust:
    """Raises TrustError unless one of the known authorities signed it."""
    if not any(_signed_by(signed, authority) for authority in known):
        raise TrustError("no authority that is trusted here signed it")
    try:
        listed = TrustList.FromString(signed.payload)
        authorities = tuple(_authority(der) for der in listed.ca_der)
    except (DecodeError, *UNREADABLE) as error:
        raise TrustError("it cannot be read") from error
    if not 0 < len(authorities) <= MOST:
        raise TrustError(f"it names {len(authorities)} authorities; 1 to {MOST} are allowed")
    return Trust(listed.generation, authorities)


def _authority(der: bytes) -> x509.Certificate:
    found = x509.load_der_x509_certificate(der)
    found.public_key()
    return found


def fingerprint(authority: x509.Certificate) -> str:
    """Hex sha-256 of the certificate in DER."""
    return hashlib.sha256(authority.public_bytes(serialization.Encoding.DER)).hexdigest()


def issued_by(certificate: x509.Certificate, authorities: Iterable[x509.Certificate]) -> bool:
    return any(_issued_by(certificate, authority) for authority in authorities)


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def _signed_by(signed: SignedTrust, authority: x509.Certificate) -> bool:
    key = authority.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    return any(_verifies(key, signature, signed.payload) for signature in signed.signatures[:MOST])


def _verifies(key: ec.EllipticCurvePublicKey, signature: bytes, payload: bytes) -> bool:
    try:
        key.verify(signature, _DOMAIN + payload, _ALGORITHM)
    except InvalidSignature:
        return False
    return True
