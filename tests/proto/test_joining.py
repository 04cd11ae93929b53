from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from proto import joining


def test_the_anchor_vouches_for_every_joining_agent() -> None:
    anchor = x509.load_pem_x509_certificate(joining.trust_anchor())
    for _ in range(2):
        key_pem, certificate_pem = joining.client_identity()
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        certificate.verify_directly_issued_by(anchor)
        key = serialization.load_pem_private_key(key_pem, None)
        assert key.public_key() == certificate.public_key() == anchor.public_key()
        name = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        assert name == joining.COMMON_NAME


def test_a_joining_agent_vouches_for_nobody() -> None:
    certificate = x509.load_pem_x509_certificate(joining.client_identity()[1])
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not constraints.ca
