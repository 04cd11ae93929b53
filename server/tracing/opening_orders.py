"""Openings on ingest's side: handed to each host once, answered once, forgotten soon. And rows locked in time."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from proto.v1.agent_pb2 import Opened, SignedOpening
from server import nudge
from server.tracing import session_keys
from server.tracing.models import Opening, OpeningOrder, Run, Session, SessionState

ANSWER_BYTES_MAX = 4096
REFRESH_SECONDS = 60.0


def take_openings(hosts: Iterable[uuid.UUID]) -> list[tuple[uuid.UUID, SignedOpening]]:
    """(host, opening) to send now; each is handed out once, over all processes."""
    now = timezone.now()
    waiting = OpeningOrder.objects.filter(sent_at=None, opening__expires_at__gt=now, host__in=list(hosts))
    if not waiting.exists():
        return []
    with transaction.atomic():
        orders = list(waiting.select_for_update(of=("self",)).select_related("opening"))
        OpeningOrder.objects.filter(id__in=[order.pk for order in orders]).update(sent_at=now)
    return [(order.host_id, _signed(order.opening)) for order in orders]


def answered(host: uuid.UUID, opened: Opened) -> uuid.UUID | None:
    """The opening that this host was asked for; None: it was not, or has answered before."""
    if len(opened.opening_id) != 16 or len(opened.run_id) != 16:
        return None
    opening = uuid.UUID(bytes=opened.opening_id)
    if opened.ByteSize() > ANSWER_BYTES_MAX:
        opened = Opened(error="the host's answer is larger than an answer may be; upgrade its agent")
    asked = OpeningOrder.objects.filter(opening=opening, host=host, sent_at__isnull=False, answer=None)
    return opening if asked.update(answer=opened.SerializeToString()) else None


def forget() -> None:
    """Their answers were for whoever waited."""
    Opening.objects.filter(expires_at__lt=timezone.now()).delete()


def lock(now: datetime.datetime) -> None:
    """Give up the keys of sessions that ended a while ago, where the hosts keep theirs; for every few seconds."""
    session_keys.lock_opened(now.timestamp())
    aged = {session: age for session, age in session_keys.all_with_age(now.timestamp()) if age > REFRESH_SECONDS}
    found = dict(Session.objects.filter(pk__in=list(aged)).values_list("pk", "state"))
    session_keys.refresh(pk for pk, state in found.items() if state != SessionState.ENDED)
    for pk, state in found.items():
        if state == SessionState.ENDED and aged[pk] > session_keys.OPEN_SECONDS and _kept(pk):
            session_keys.destroy(pk)
            nudge.session_changed(pk)


def _kept(session: uuid.UUID) -> bool:
    """Older agents kept none: without the key of the server their rows would be lost."""
    found = [run.encryption for run in Run.objects.filter(session=session)]
    return all(encryption.kept for encryption in found if encryption is not None)


def _signed(opening: Opening) -> SignedOpening:
    return SignedOpening(payload=bytes(opening.payload), signature=bytes(opening.signature))
