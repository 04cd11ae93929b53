from __future__ import annotations

import datetime

import pytest
from cryptography.x509.oid import NameOID

from proto.trust import issued_by
from server import pki
from tests.server.ingest.scripted import make_csr

CA_KEY = pki.new_key()
CA = pki.self_signed(CA_KEY)


def test_a_host_certificate_takes_only_the_key_from_the_request() -> None:
    key = pki.new_key()
    certificate = pki.host_certificate(make_csr(key, "admin"), "host-id", CA_KEY, CA)
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "host-id"
    assert issued_by(certificate, [CA])
    assert not issued_by(certificate, [pki.self_signed(pki.new_key())])


@pytest.mark.parametrize("csr", [b"", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"])
def test_what_is_no_request_is_refused(csr: bytes) -> None:
    with pytest.raises(pki.CsrError):
        pki.host_certificate(csr, "id", CA_KEY, CA)


def test_a_request_signed_by_another_key_is_refused() -> None:
    good = make_csr(pki.new_key())
    swapped = good.replace(good.splitlines()[-2], make_csr(pki.new_key()).splitlines()[-2])
    with pytest.raises(pki.CsrError):
        pki.host_certificate(swapped, "id", CA_KEY, CA)


def test_a_server_certificate_fits_its_names_alone() -> None:
    certificate = pki.server_certificate(pki.new_key().public_key(), ["localhost", "127.0.0.1", "::1"], CA_KEY, CA)
    assert pki.serves(certificate, ["::1", "127.0.0.1", "localhost"], CA)
    assert not pki.serves(certificate, ["localhost"], CA)
    assert not pki.serves(certificate, ["localhost", "127.0.0.1", "::1"], pki.self_signed(pki.new_key()))


def test_two_authorities_have_two_names() -> None:
    """TLS looks for the issuer by its name."""
    assert pki.self_signed(pki.new_key()).subject != CA.subject


def test_a_host_certificate_lives_as_long_as_is_said() -> None:
    lifetime = datetime.timedelta(hours=3)
    certificate = pki.host_certificate(make_csr(pki.new_key()), "id", CA_KEY, CA, lifetime)
    left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    assert lifetime - datetime.timedelta(minutes=5) < left <= lifetime
