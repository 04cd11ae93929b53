"""How a host joins: a single-use token, then a certificate for the key that the host made itself."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import re
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from proto.v1.agent_pb2 import EnrollReply, EnrollRequest
from server import keys, nudge, pki
from server.audit.record import record
from server.errors import Conflict
from server.fleet.certificates import issue
from server.fleet.models import Host, JoinToken

LIFETIME = datetime.timedelta(minutes=15)
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class JoinError(ValueError):
    """The host may not join. One line saying why and what to do."""


@dataclass(frozen=True, slots=True)
class NewToken:
    token: str
    command: str
    expires_at: datetime.datetime


def new_token(actor: str, host_name: str = "") -> NewToken:
    """For one host, or for the host of this name alone. Raises KeysMissing while no CA exists, and Conflict."""
    if host_name and Host.objects.filter(name=host_name).exists():
        raise Conflict(f"there is a host {host_name} already, and names are used once; give the new one another")
    secret = secrets.token_urlsafe(32)
    token = f"fsj1.{secret}.{keys.ca_fingerprint(settings.ENV.keys)}"
    expires_at = timezone.now() + LIFETIME
    with transaction.atomic():
        JoinToken.objects.create(digest=_digest(secret), created_by=actor, expires_at=expires_at, host_name=host_name)
        detail = {"expires_at": expires_at.isoformat(), **({"host_name": host_name} if host_name else {})}
        record("host.token", actor, detail=detail)
    command = f"fleetscope-agent join {settings.ENV.grpc} --token {token}"
    return NewToken(token, f"{command} --name {host_name}" if host_name else command, expires_at)


def enrol(request: EnrollRequest, address: str) -> EnrollReply:
    """Uses up the token and signs the host's key. Raises JoinError after writing the refusal to the audit."""
    try:
        with transaction.atomic():
            return _enrol(request, address)
    except (JoinError, pki.CsrError) as error:
        asked = {"address": address, "host_name": request.host_name[:253], "refusal": str(error)}
        record("host.join", "joining agent", "refused", detail=asked)
        raise JoinError(str(error)) from error


def _enrol(request: EnrollRequest, address: str) -> EnrollReply:
    folder = settings.ENV.keys
    token = _usable_token(request)
    host = Host(id=uuid.uuid4(), name=_free_name(request.host_name))
    certificate = issue(host, request.csr_pem)
    host.certificate_serial = f"{certificate.serial_number:x}"
    host.trust_generation = 0  # it knows the authority of its token and no list yet
    host.save(force_insert=True)
    token.used_at, token.host = timezone.now(), host
    token.save(update_fields=["used_at", "host"])
    detail = {"host_id": str(host.id), "address": address, "certificate_serial": host.certificate_serial}
    record("host.join", token.created_by, hosts=[host.name], detail=detail)
    nudge.fleet_changed("hosts")
    return EnrollReply(
        host_id=str(host.id),
        certificate_pem=pki.pem(certificate),
        ca_pem=pki.pem(keys.ca_certificate(folder)),
        command_key=keys.command_public(folder),
        host_name=host.name,
    )


def _usable_token(request: EnrollRequest) -> JoinToken:
    again = "ask for a new one with `fleetscope hosts token`"
    parts = request.token.split(".")
    if len(parts) != 3 or parts[0] != "fsj1":
        raise JoinError(f"this is no join token; {again}")
    token = JoinToken.objects.select_for_update().filter(digest=_digest(parts[1])).first()
    if token is None or token.used_at is not None:
        raise JoinError(f"the join token does not exist or has already been used; {again}")
    if token.expires_at < timezone.now():
        raise JoinError(f"the join token has expired; {again}")
    if token.host_name not in ("", request.host_name):
        raise JoinError(f"the join token is for another host; join under the name that it was made for, or {again}")
    return token


def _free_name(wanted: str) -> str:
    """Names are unique; a second host that calls itself web gets web-2."""
    base = _NAME.sub("-", wanted).strip("-.")[:200] or "host"
    taken = set(Host.objects.filter(name__startswith=base).values_list("name", flat=True))
    return next(name for name in _names(base) if name not in taken)


def _names(base: str) -> Iterator[str]:
    yield base
    yield from (f"{base}-{number}" for number in itertools.count(2))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
