"""What is to be sent: put there in the transaction of what happened, taken out by whoever sends, tried again later."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from server.accounts.models import Team
from server.audit.record import record
from server.webhooks.models import Delivery, Webhook

# Seconds until the next try, after each failed one; then it is given up, a day after the first.
PAUSES = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
LEASE = datetime.timedelta(minutes=2)  # whoever takes one and dies leaves it to others after so long
KEPT = datetime.timedelta(days=14)
_RESULT = 200


def tell(team: Team, event: str, facts: Mapping[str, Any]) -> None:
    """For every webhook of the team. In a transaction it comes with it or not at all."""
    for webhook in Webhook.objects.filter(team=team):
        put(webhook, event, facts)


def put(webhook: Webhook, event: str, facts: Mapping[str, Any]) -> Delivery:
    now = timezone.now()
    body = json.dumps({"type": event, "timestamp": now.isoformat(), "data": dict(facts)})
    return Delivery.objects.create(id=uuid4(), webhook=webhook, event=event, body=body, due_at=now)


def take(busy: Collection[UUID], most: int) -> list[Delivery]:
    """The oldest that are due, one for each webhook that is not busy; nobody else takes them for a while."""
    now = timezone.now()
    taken: list[Delivery] = []
    waiting = Delivery.objects.filter(due_at__lte=now).exclude(webhook__in=busy).order_by("due_at")
    for delivery in waiting.select_related("webhook", "webhook__team")[: most * 8]:
        mine = len(taken) < most and delivery.webhook_id not in {one.webhook_id for one in taken}
        if mine and Delivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at).update(due_at=now + LEASE):
            taken.append(delivery)
    return taken


def done(delivery: Delivery, result: str, *, delivered: bool) -> None:
    """After a try. A webhook that was removed meanwhile takes its queue with it."""
    tries, now = delivery.tries + 1, timezone.now()
    more = not delivered and tries <= len(PAUSES)
    due = now + datetime.timedelta(seconds=PAUSES[delivery.tries]) if more else None
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(of=("self",)).filter(pk=delivery.webhook_id).first()
        if webhook is None:
            return
        Delivery.objects.filter(pk=delivery.pk).update(tries=tries, due_at=due, delivered=delivered)
        webhook.tried_at, webhook.result = now, " ".join(result.split())[:_RESULT]
        webhook.failures = 0 if delivered else webhook.failures + 1
        webhook.save(update_fields=["tried_at", "result", "failures"])
        if not more or tries == 1:
            _on_record(delivery, webhook, tries, "done" if delivered else "failed")


def forget() -> None:
    """What is over since long."""
    Delivery.objects.filter(due_at=None, created_at__lt=timezone.now() - KEPT).delete()


def _on_record(delivery: Delivery, webhook: Webhook, tries: int, outcome: str) -> None:
    """The first try and the last; not every failed one between."""
    facts = {
        "webhook": str(webhook.pk),
        "team": delivery.webhook.team.name,
        "url": webhook.url,
        "event": delivery.event,
        "message": str(delivery.pk),
        "tries": tries,
        "result": webhook.result,
        "given_up": tries > len(PAUSES) and outcome == "failed",
    }
    record("webhook.send", "server", outcome, detail=facts)
