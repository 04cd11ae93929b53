"""Opening rows of risk class S3 after their session: a person signs, and the hosts give the rows' keys out once more.

What the server holds is of no use for that: each host checks the signature by the keys that its own policy lists,
and wraps the key of its rows to the one that stands in the signed text.
"""

from __future__ import annotations

import datetime
import time
import uuid
from dataclasses import dataclass

from asgiref.sync import async_to_sync
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import DatabaseError, transaction
from django.utils import timezone

from proto.encryption import EncryptionError, unwrap
from proto.opening import LIFE_MAX, OpenedRun, OpeningText, opening_text, read_opening
from proto.v1.agent_pb2 import Opened
from proto.v1.agent_pb2 import Opening as OpeningMessage
from server import nudge
from server.accounts import passkeys
from server.accounts.models import User
from server.audit.record import record
from server.consent.signing import SignatureIn, read_signature
from server.errors import AuditUnavailable, Conflict, Invalid, NotFound, TooMany
from server.signing import sign
from server.tracing import session_keys
from server.tracing.models import Opening, OpeningOrder, Run, Session
from server.waiting import wait_for

ACTION = "session.open"
CONTEXT = b"fleetscope-opening-v1\0"
WAITED_SECONDS = 6.0
ASKED_MAX = 20  # texts of one person that nobody has signed yet


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """``error`` is empty where the rows can be read now."""

    host: str
    error: str


def ask(user: User, session: Session, reason: str) -> Opening:
    """The text to sign, for all rows of the session that are locked. Raises Conflict, Invalid or TooMany."""
    runs = _locked(session)
    if not reason.strip():
        raise Invalid("say why: the reason stands in what you sign, and on record", field="reason")
    if Opening.objects.filter(created_by=user).count() >= ASKED_MAX:
        raise TooMany(f"{ASKED_MAX} of your openings wait for a signature; sign one, or wait {LIFE_MAX // 60} minutes")
    made, private, now = uuid.uuid4(), X25519PrivateKey.generate(), int(time.time())
    text = OpeningText(
        opening=made,
        session=session.pk,
        tool=session.tool,
        user=user.username,
        reason=reason,
        key=private.public_key().public_bytes_raw(),
        requested=now,
        expires=now + LIFE_MAX,
        runs=[OpenedRun(run.host.name, str(run.host_id), run.pk) for run in runs],
    )
    return Opening.objects.create(
        id=made,
        session=session,
        created_by=user,
        expires_at=datetime.datetime.fromtimestamp(text.expires, datetime.UTC),
        text=opening_text(text),
        secret=session_keys.sealed(private.private_bytes_raw(), made.bytes),
    )


def signed_by_hosts(session: Session) -> bool:
    """Whether some host wants a person's signature; the others' owners want none."""
    return any(run.host.approvals_needed for run in session.runs.select_related("host"))


def carry_out(user: User, session: Session, opening_id: uuid.UUID, given: SignatureIn | None) -> list[HostAnswer]:
    """On record before any host is asked. Raises NotFound, Conflict, Invalid or AuditUnavailable."""
    opening = Opening.objects.filter(pk=opening_id, session=session, created_by=user).first()
    if opening is None or opening.expires_at <= timezone.now():
        raise NotFound("this opening has expired or is somebody else's; ask for a new one")
    try:
        runs = _locked(session)
        key = _sign(opening, user, given)
    except (Conflict, Invalid) as error:
        _refused(opening, user, [run.host.name for run in session.runs.select_related("host")], error.message)
        raise
    answers = _asked(opening, user, runs, key)
    for answer in answers:
        if answer.error:
            _refused(opening, user, [answer.host], answer.error)
    opening.delete()
    nudge.session_changed(session.pk)
    return answers


def _locked(session: Session) -> list[Run]:
    """Raises Conflict."""
    locked = [run for run in session.runs.select_related("host").order_by("host__name") if run.locked]
    if not locked:
        raise Conflict("no rows of this session are locked: everybody who may see it reads them as they are")
    return locked


def _sign(opening: Opening, user: User, given: SignatureIn | None) -> str:
    """Make of it what hosts take; the fingerprint of the key that signed. Raises Invalid."""
    message, key = OpeningMessage(text=bytes(opening.text)), ""
    if given is not None:
        own = [passkeys.person_key(passkey) for passkey in user.passkeys.all()]
        made, signer = read_signature(given, message.text, own)
        message.signatures.append(made)
        key = signer.fingerprint
    elif signed_by_hosts(opening.session):
        raise Invalid("the session's hosts want this signed: with your key or passkey", field="signature")
    opening.payload = message.SerializeToString(deterministic=True)
    opening.signature = sign(CONTEXT, opening.payload)
    return key


def _asked(opening: Opening, user: User, runs: list[Run], key: str) -> list[HostAnswer]:
    """What each host said. Raises AuditUnavailable."""
    online = [run for run in runs if run.host.state == "online"]

    def send() -> None:
        with transaction.atomic():
            _record(opening, user, [run.host.name for run in runs], {"key": key})
            opening.save(update_fields=["payload", "signature"])
            OpeningOrder.objects.bulk_create(
                OpeningOrder(opening=opening, host_id=run.host_id, run=run.pk) for run in online
            )
            nudge.hosts(run.host_id for run in online)

    try:
        async_to_sync(wait_for)(nudge.ask_group(opening.pk), send, lambda: _all_answered(opening), WAITED_SECONDS)
    except DatabaseError as error:
        raise AuditUnavailable(f"the opening could not be recorded, so no host was asked: {error}") from error
    return [HostAnswer(run.host.name, _taken(opening, run)) for run in runs]


def _all_answered(opening: Opening) -> bool | None:
    return None if opening.orders.filter(answer=None).exists() else True


def _taken(opening: Opening, run: Run) -> str:
    """Keep the key that the host gave; empty, or why there is none."""
    order = opening.orders.filter(host_id=run.host_id).first()
    if order is None:
        return f"it is {run.host.state}, and only it has the key; open them again when it is connected"
    if order.answer is None:
        return f"it did not answer within {WAITED_SECONDS:.0f} s; try again"
    opened = Opened.FromString(bytes(order.answer))
    if opened.error:
        return opened.error
    private = X25519PrivateKey.from_private_bytes(session_keys.unsealed(bytes(opening.secret), opening.pk.bytes))
    try:
        session_keys.keep_open(run.session_id, run.pk, unwrap(private, run.pk.bytes, opened.wrapped_key))
    except EncryptionError as error:
        return f"what it sent is no key of these rows: {error}"
    return ""


def _refused(opening: Opening, user: User, hosts: list[str], why: str) -> None:
    _record(opening, user, hosts, {"refusal": why}, "refused")


def _record(opening: Opening, user: User, hosts: list[str], facts: dict[str, str], outcome: str = "done") -> None:
    session = opening.session
    record(
        ACTION,
        user.username,
        outcome,
        tool=session.tool,
        hosts=hosts,
        session=session.pk,
        reason=read_opening(bytes(opening.text)).reason,
        detail={"opening": str(opening.pk), **facts},
    )
