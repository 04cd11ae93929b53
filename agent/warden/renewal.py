"""A new certificate for this host when the server says that it is time, always for a new key.

The link relays it all and is believed in nothing: another list of authorities counts when one that is trusted here has
signed it, and a certificate when one of them has issued it to this host for the key that was just made.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent import identity
from agent.identity import Identity
from agent.warden.audit import AuditError, HostAudit
from proto.trust import UNREADABLE, Trust, TrustError, fingerprint, issued_by, opened
from proto.v1.agent_pb2 import AgentMessage, CertificateRequest, RenewalOrder, SignedTrust
from proto.v1.local_pb2 import Credentials

log = logging.getLogger(__name__)


class RenewalError(ValueError):
    """What the server sent is not taken. The text says why."""


@dataclass(frozen=True, slots=True)
class Mouths:
    """Towards the server, and towards link."""

    say: Callable[[AgentMessage], None]
    use: Callable[[Credentials], None]


@dataclass(frozen=True, slots=True)
class _Pending:
    key: ec.EllipticCurvePrivateKey
    trust: Trust


class Renewal:
    """Keeps the host as it is unless all of the new is on disk and on the host's record."""

    def __init__(self, folder: Path, own: Identity, audit: HostAudit, mouths: Mouths) -> None:
        self._folder, self._own, self._audit, self._mouths = folder, own, audit, mouths
        self._pending: _Pending | None = None

    def ordered(self, order: RenewalOrder) -> None:
        """The server wants this host to ask for a certificate."""
        try:
            trust = self._trust(order.trust) if order.HasField("trust") else self._trusted()
        except TrustError as error:
            log.error("the server sent authorities that this host does not take: %s", error)
            self._record("authorities refused", refused=str(error))
            return
        self._pending = _Pending(ec.generate_private_key(ec.SECP256R1()), trust)
        request = CertificateRequest(csr_pem=_request(self._own.host_id, self._pending.key))
        self._mouths.say(AgentMessage(certificate_request=request))

    def issued(self, certificate_pem: bytes) -> None:
        pending, self._pending = self._pending, None
        try:
            new = self._renewed(pending, certificate_pem)
        except UNREADABLE as error:
            log.error("the server sent a certificate that this host does not take: %s", error)
            self._record("certificate refused", refused=str(error))
            return
        if self._record("certificate", **_described(new)) and self._saved(new):
            self._own = new
            self._mouths.use(
                Credentials(key=new.key_pem, certificate=new.certificate_pem, authorities=new.ca_pem),
            )

    def _renewed(self, pending: _Pending | None, certificate_pem: bytes) -> Identity:
        """Raises RenewalError, or what is UNREADABLE."""
        if pending is None:
            raise RenewalError("this host has not asked for one")
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        if certificate.public_key() != pending.key.public_key() or [n.value for n in names] != [self._own.host_id]:
            raise RenewalError("it is not for this host's request")
        if not issued_by(certificate, pending.trust.authorities):
            raise RenewalError("no authority that is trusted here issued it")
        if certificate.not_valid_after_utc <= datetime.now(UTC):
            raise RenewalError(f"it ended on {certificate.not_valid_after_utc}; check the clocks of server and host")
        return dataclasses.replace(
            self._own,
            key_pem=_key_pem(pending.key),
            certificate_pem=certificate_pem,
            ca_pem=pending.trust.pem,
            trust_generation=pending.trust.generation,
        )

    def _trust(self, signed: SignedTrust) -> Trust:
        """Raises TrustError."""
        held = self._trusted()
        found = opened(signed, held.authorities)
        if found.generation < held.generation:
            raise TrustError(f"its generation {found.generation} is older than {held.generation}, which this host has")
        return found

    def _trusted(self) -> Trust:
        return Trust(self._own.trust_generation, tuple(x509.load_pem_x509_certificates(self._own.ca_pem)))

    def _record(self, event: str, **details: object) -> bool:
        try:
            self._audit.record(event, **details)
        except AuditError as error:
            log.error("the certificate of this host is not renewed: %s", error)
            return False
        return True

    def _saved(self, new: Identity) -> bool:
        try:
            identity.save(self._folder, new)
        except OSError as error:
            log.error("the renewed certificate cannot be written to %s: %s", self._folder, error.strerror)
            return False
        return True


def _described(new: Identity) -> dict[str, object]:
    certificate = x509.load_pem_x509_certificate(new.certificate_pem)
    return {
        "certificate_serial": f"{certificate.serial_number:x}",
        "until": certificate.not_valid_after_utc.isoformat(),
        "authorities": [fingerprint(one) for one in x509.load_pem_x509_certificates(new.ca_pem)],
    }


def _request(host_id: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host_id)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
