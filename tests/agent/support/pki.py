"""Certificates and keys as a server makes them, for tests."""

from __future__ import annotations

import datetime
import ipaddress
import uuid
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from agent.identity import Identity


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authority:
    """One fleet's CA and command key."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=_new_key)
    command: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    name: str = "test CA"
    lifetime: datetime.timedelta = datetime.timedelta(days=1)

    def __post_init__(self) -> None:
        self.certificate = self._issue(self.name, self.key.public_key(), ca=True)

    def _issue(
        self, name: str, public: ec.EllipticCurvePublicKey, *, ca: bool = False, server: bool = False
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self.name))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + self.lifetime)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if server:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def server_identity(self) -> tuple[bytes, bytes]:
        """Key, and leaf followed by the CA."""
        key = _new_key()
        return key_pem(key), pem(self._issue("localhost", key.public_key(), server=True)) + pem(self.certificate)

    def sign(self, csr_pem: bytes, host_id: str) -> bytes:
        public = x509.load_pem_x509_csr(csr_pem).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        return pem(self._issue(host_id, public))

    def identity(self, address: str, name: str = "testhost") -> Identity:
        key, host_id = _new_key(), str(uuid.uuid4())
        return Identity(
            host_id=host_id,
            host_name=name,
            address=address,
            labels={"role": "test"},
            key_pem=key_pem(key),
            certificate_pem=pem(self._issue(host_id, key.public_key())),
            ca_pem=pem(self.certificate),
            command_key=self.command.public_key().public_bytes_raw(),
        )
