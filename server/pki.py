"""Certificates: one CA for the fleet, the gRPC server's leaf, and a leaf for every host."""

from __future__ import annotations

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proto.trust import UNREADABLE, issued_by

CA_LIFETIME = datetime.timedelta(days=3650)
SERVER_LIFETIME = datetime.timedelta(days=397)
_RENEW_BEFORE = datetime.timedelta(days=30)
_CLOCK_SLACK = datetime.timedelta(days=1)


class CsrError(ValueError):
    """The signing request cannot be used. The message says why."""


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    # Two of one name could not be told apart by TLS while one takes over from the other.
    name = _name(f"Fleetscope CA {x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:8]}")
    builder = _builder(name, name, key.public_key(), CA_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_usage(sign_certificates=True), critical=True).sign(key, hashes.SHA256())


def server_certificate(
    public_key: ec.EllipticCurvePublicKey, names: list[str], ca_key: ec.EllipticCurvePrivateKey, ca: x509.Certificate
) -> x509.Certificate:
    builder = _leaf("Fleetscope server", public_key, ca, SERVER_LIFETIME, ExtendedKeyUsageOID.SERVER_AUTH)
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
    return builder.add_extension(alternatives, critical=False).sign(ca_key, hashes.SHA256())


def host_certificate(
    csr_pem: bytes,
    host_id: str,
    ca_key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    lifetime: datetime.timedelta = datetime.timedelta(days=7),
) -> x509.Certificate:
    """Of the request only the public key counts: name, use and lifetime are the server's choice. Raises CsrError."""
    builder = _leaf(host_id, _requested_key(csr_pem), ca, lifetime, ExtendedKeyUsageOID.CLIENT_AUTH)
    return builder.sign(ca_key, hashes.SHA256())


def serves(certificate: x509.Certificate, names: list[str], ca: x509.Certificate) -> bool:
    """Is this still the right certificate for a server with these names?"""
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    fresh = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC) > _RENEW_BEFORE
    return fresh and set(found) == {_general_name(name) for name in names} and issued_by(certificate, [ca])


def _requested_key(csr_pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        csr = x509.load_pem_x509_csr(csr_pem)
        key, signed = csr.public_key(), csr.is_signature_valid
    except UNREADABLE as error:
        raise CsrError("the certificate request is not a PEM PKCS#10 request") from error
    if not signed or not isinstance(key, ec.EllipticCurvePublicKey):
        raise CsrError("the certificate request must be signed by an EC key of the host")
    return key


def _leaf(
    common_name: str,
    key: ec.EllipticCurvePublicKey,
    ca: x509.Certificate,
    lifetime: datetime.timedelta,
    use: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    builder = _builder(_name(common_name), ca.subject, key, lifetime)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
    return builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: datetime.timedelta
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    return builder.not_valid_before(now - _CLOCK_SLACK).not_valid_after(now + lifetime)


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
