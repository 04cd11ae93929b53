from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from server.audit.models import AuditEntry
from server.webhooks import queue
from server.webhooks.models import Delivery, Webhook
from tests.server.people import team
from tests.server.webhooks.conftest import MakeWebhook

URL = "https://example.org/hook"


def due_again() -> None:
    Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())


def entries() -> list[dict[str, Any]]:
    return [entry.detail for entry in AuditEntry.objects.filter(action="webhook.send").order_by("id")]


def test_every_webhook_of_the_team_is_told_and_no_other(db: None, webhook: MakeWebhook) -> None:
    first, second = webhook(URL)[0], webhook(URL)[0]
    other, _ = webhook(URL)
    Webhook.objects.filter(pk=other.pk).update(team=team("theirs"))
    queue.tell(team(), "request.made", {"request": "x"})
    assert {delivery.webhook_id for delivery in Delivery.objects.all()} == {first.pk, second.pk}


def test_what_one_takes_nobody_else_does_until_its_lease_ends(db: None, webhook: MakeWebhook) -> None:
    for place in (webhook(URL)[0], webhook(URL)[0]):
        for _ in range(2):
            queue.put(place, "test", {})
    taken = queue.take([], 8)
    assert len({delivery.webhook_id for delivery in taken}) == len(taken) == 2, "one for each webhook"
    assert queue.take([delivery.webhook_id for delivery in taken], 8) == []
    assert not {delivery.pk for delivery in queue.take([], 8)} & {delivery.pk for delivery in taken}
    assert queue.take([], 8) == []
    due_again()
    assert len(queue.take([], 1)) == 1


def test_it_is_tried_again_ever_later_and_given_up_after_a_day(db: None, webhook: MakeWebhook) -> None:
    place, _ = webhook(URL)
    queue.put(place, "test", {})
    for pause in queue.PAUSES:
        (delivery,) = queue.take([], 1)
        before = timezone.now()
        queue.done(delivery, "answered 500", delivered=False)
        delivery.refresh_from_db()
        assert delivery.due_at is not None
        wait = (delivery.due_at - before).total_seconds()
        assert pause <= wait < pause + 30
        due_again()
    queue.done(queue.take([], 1)[0], "answered\n500", delivered=False)
    place.refresh_from_db()
    assert (place.failures, place.result) == (len(queue.PAUSES) + 1, "answered 500")
    assert not Delivery.objects.filter(due_at__isnull=False).exists()
    assert sum(queue.PAUSES) < 24 * 3600
    assert [(entry["tries"], entry["given_up"]) for entry in entries()] == [(1, False), (len(queue.PAUSES) + 1, True)]


def test_what_arrives_at_last_is_on_the_record_and_forgotten_in_time(db: None, webhook: MakeWebhook) -> None:
    place, _ = webhook(URL)
    queue.put(place, "test", {})
    queue.done(queue.take([], 1)[0], "answered 503", delivered=False)
    due_again()
    queue.done(queue.take([], 1)[0], "answered 204", delivered=True)
    place.refresh_from_db()
    assert (place.failures, place.result, place.tried_at is not None) == (0, "answered 204", True)
    assert AuditEntry.objects.filter(action="webhook.send", outcome="done").count() == 1
    queue.forget()
    assert Delivery.objects.count() == 1
    Delivery.objects.update(created_at=timezone.now() - queue.KEPT - datetime.timedelta(minutes=1))
    queue.forget()
    assert Delivery.objects.count() == 0


def test_a_webhook_that_is_removed_while_it_is_tried_leaves_nothing(db: None, webhook: MakeWebhook) -> None:
    place, _ = webhook(URL)
    queue.put(place, "test", {})
    (delivery,) = queue.take([], 1)
    place.delete()
    queue.done(delivery, "answered 200", delivered=True)
    assert (entries(), Delivery.objects.count()) == ([], 0)
