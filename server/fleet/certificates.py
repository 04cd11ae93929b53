"""Hosts' certificates: made when a host joins, made again at half of their life and when the authority changes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from cryptography import x509
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from proto.v1.agent_pb2 import RenewalOrder
from server import authority, pki
from server.audit.record import record
from server.fleet.models import Host


class RenewalError(ValueError):
    """The host gets no certificate. One line saying why."""


def issue(host: Host, csr_pem: bytes) -> x509.Certificate:
    """A certificate by the authority that signs now, noted on the host, which is not saved. Raises CsrError."""
    folder, lifetime = settings.ENV.keys, settings.ENV.host_certificate
    signer, now = authority.signing(folder), timezone.now()
    certificate = pki.host_certificate(csr_pem, str(host.id), signer.key, signer.certificate, lifetime)
    host.certificate_until, host.renew_at = certificate.not_valid_after_utc, now + lifetime / 2
    known = authority.fingerprints(folder)
    host.certificate_ca, host.trust_generation = known.signing, known.generation
    return certificate


def due(hosts: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the hosts that shall ask for another certificate now."""
    return set(behind().filter(id__in=list(hosts)).values_list("id", flat=True))


def behind() -> QuerySet[Host]:
    """Hosts without what they should hold: half of its life is over, another authority signs, or the list changed."""
    known = authority.fingerprints(settings.ENV.keys)
    old = Q(renew_at=None) | Q(renew_at__lte=timezone.now()) | ~Q(certificate_ca=known.signing)
    unsure = ~Q(trust_generation=known.generation) | ~Q(next_serial="")
    return Host.objects.filter(old | unsure, revoked_at=None)


def order() -> RenewalOrder:
    return RenewalOrder(trust=authority.trust(settings.ENV.keys))


def renew(host_id: uuid.UUID, csr_pem: bytes) -> bytes:
    """PEM. The one that the host has is good until it comes with this one. Raises RenewalError, after putting it on
    record."""
    try:
        with transaction.atomic():
            return _renew(Host.objects.select_for_update().get(id=host_id), csr_pem)
    except (RenewalError, pki.CsrError) as error:
        name = Host.objects.get(id=host_id).name
        record("host.renew", name, "refused", hosts=[name], detail={"refusal": str(error)})
        raise RenewalError(str(error)) from error


def _renew(host: Host, csr_pem: bytes) -> bytes:
    if host.revoked_at is not None:
        raise RenewalError(f"{host.name} was revoked; join it again with a new token")
    if not behind().filter(id=host.id).exists():
        raise RenewalError(f"the certificate of {host.name} need not be renewed yet")
    certificate = issue(host, csr_pem)
    host.next_serial = f"{certificate.serial_number:x}"
    host.save(
        update_fields=["next_serial", "certificate_until", "renew_at", "certificate_ca", "trust_generation"],
    )
    detail = {
        "certificate_serial": host.next_serial,
        "replaces": host.certificate_serial,
        "until": certificate.not_valid_after_utc.isoformat(),
        "authority": host.certificate_ca,
    }
    record("host.renew", host.name, hosts=[host.name], detail=detail)
    return pki.pem(certificate)


def presented(host: Host, serial: int) -> bool:
    """Is this the certificate on record for the host? Coming with the new one ends the old one."""
    found = f"{serial:x}"
    if found == host.next_serial:
        taken = Host.objects.filter(id=host.id, next_serial=found)
        taken.update(certificate_serial=found, next_serial="")
        return True
    return found == host.certificate_serial
