"""Questions for names on ingest's side: handed to the host's stream once, answered once, forgotten soon."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from proto.v1.agent_pb2 import Names, SignedAsk
from server.fleet.models import Ask

WAITED = datetime.timedelta(seconds=6)  # then nobody listens for the answer
KEPT = datetime.timedelta(seconds=30)  # also how far back one person's questions are counted
ANSWER_BYTES_MAX = 512 * 1024


def take_asks(hosts: Iterable[uuid.UUID]) -> list[tuple[uuid.UUID, SignedAsk]]:
    """(host, question) to send now; each is handed out once, over all processes."""
    now = timezone.now()
    waiting = Ask.objects.filter(sent_at=None, asked_at__gt=now - WAITED, host__in=list(hosts))
    if not waiting.exists():
        return []
    with transaction.atomic():
        asks = list(waiting.select_for_update(of=("self",)))
        Ask.objects.filter(id__in=[ask.id for ask in asks]).update(sent_at=now)
    return [(ask.host_id, SignedAsk(payload=bytes(ask.payload), signature=bytes(ask.signature))) for ask in asks]


def answered(host: uuid.UUID, names: Names) -> uuid.UUID | None:
    """The question of this host that it has answered; None: it was not asked that, or nobody waits any more."""
    if len(names.ask_id) != 16:
        return None
    if names.ByteSize() > ANSWER_BYTES_MAX:
        names = Names(ask_id=names.ask_id, error="the host's answer is larger than an answer may be; upgrade its agent")
    ask = uuid.UUID(bytes=names.ask_id)
    open_asks = Ask.objects.filter(id=ask, host=host, sent_at__isnull=False, answer=None)
    return ask if open_asks.update(answer=names.SerializeToString()) else None


def forget() -> None:
    old = Ask.objects.filter(asked_at__lt=timezone.now() - KEPT)
    if old.exists():
        old.delete()
