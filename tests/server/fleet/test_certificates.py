from __future__ import annotations

import dataclasses
import datetime
import uuid
from pathlib import Path

import pytest
from cryptography import x509
from django.conf import settings
from django.utils import timezone
from pytest_django import Settings

from proto.trust import issued_by
from server import authority, keys, pki
from server.audit.models import AuditEntry
from server.fleet import certificates, joining
from server.fleet.models import Host
from server.fleet.presence import UnknownHostError, identified
from tests.server.fleet.test_joining import ask
from tests.server.ingest.scripted import make_csr

pytestmark = pytest.mark.usefixtures("db")
LIFETIME = datetime.timedelta(hours=10)


@pytest.fixture
def host(settings: Settings, tmp_path: Path) -> Host:
    """With keys of its own, which a test may rotate."""
    settings.ENV = dataclasses.replace(settings.ENV, host_certificate=LIFETIME, data=tmp_path)
    keys.ensure_web(settings.ENV.keys)
    keys.ensure_ingest(settings.ENV.keys, ["localhost"])
    joining.enrol(ask(joining.new_token("admin").token), "192.0.2.1")
    return Host.objects.get()


def csr() -> bytes:
    return make_csr(pki.new_key())


def make_due(host: Host) -> None:
    Host.objects.filter(id=host.id).update(renew_at=timezone.now())


def serial_of(pem: bytes) -> int:
    return x509.load_pem_x509_certificate(pem).serial_number


def test_it_is_renewed_at_half_of_its_life(host: Host) -> None:
    assert host.renew_at is not None
    assert host.certificate_until is not None
    assert host.certificate_until - host.renew_at < LIFETIME / 2 + datetime.timedelta(seconds=1)
    assert host.certificate_until - host.renew_at > LIFETIME / 2 - datetime.timedelta(minutes=1)
    assert certificates.due([host.id, uuid.uuid4()]) == set()
    with pytest.raises(certificates.RenewalError, match="need not be renewed yet"):
        certificates.renew(host.id, csr())
    make_due(host)
    assert certificates.due([host.id]) == {host.id}


def test_the_old_one_is_good_until_the_host_comes_with_the_new_one(host: Host) -> None:
    make_due(host)
    old = int(host.certificate_serial, 16)
    lost = serial_of(certificates.renew(host.id, csr()))
    assert certificates.due([host.id]) == {host.id}, "nobody knows yet whether it arrived"
    new = serial_of(certificates.renew(host.id, csr()))
    assert identified(str(host.id), old) == host
    assert identified(str(host.id), new) == host
    assert certificates.due([host.id]) == set()
    for gone in (old, lost):
        with pytest.raises(UnknownHostError, match="does not know this host"):
            identified(str(host.id), gone)
    entries = AuditEntry.objects.filter(action="host.renew").order_by("id")
    assert [entry.outcome for entry in entries] == ["done", "done"]
    assert entries[1].detail["certificate_serial"] == f"{new:x}"
    assert entries[1].detail["replaces"] == f"{old:x}"


def test_a_revoked_host_gets_none_and_that_is_on_record(host: Host) -> None:
    make_due(host)
    Host.objects.update(revoked_at=timezone.now())
    assert certificates.due([host.id]) == set()
    with pytest.raises(certificates.RenewalError, match="was revoked; join it again"):
        certificates.renew(host.id, csr())
    entry = AuditEntry.objects.get(action="host.renew")
    assert (entry.actor, entry.outcome, entry.hosts) == ("web-1", "refused", ["web-1"])
    assert Host.objects.get().next_serial == ""


def test_what_is_no_request_is_refused(host: Host) -> None:
    make_due(host)
    with pytest.raises(certificates.RenewalError, match=r"no.* PEM PKCS#10 request"):
        certificates.renew(host.id, b"x")
    assert AuditEntry.objects.get(action="host.renew").outcome == "refused"


def test_another_authority_makes_every_host_follow(host: Host) -> None:
    folder = settings.ENV.keys
    assert not certificates.order().HasField("trust")
    authority.begin(folder)
    assert certificates.due([host.id]) == {host.id}
    pem = certificates.renew(host.id, csr())
    assert issued_by(x509.load_pem_x509_certificate(pem), [authority.signing(folder).certificate])
    identified(str(host.id), serial_of(pem))
    assert certificates.due([host.id]) == set()
    assert certificates.order().HasField("trust")
    authority.finish(folder, ["localhost"])
    assert certificates.due([host.id]) == {host.id}, "it still trusts the old authority"


def test_a_host_from_before_renewal_gets_a_short_lived_one(host: Host) -> None:
    Host.objects.update(renew_at=None, certificate_ca="", certificate_until=None)
    assert certificates.due([host.id]) == {host.id}
