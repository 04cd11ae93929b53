from __future__ import annotations

from server.webhooks.models import Delivery, Webhook
from tests.server.people import team
from tests.server.webhooks.conftest import MakeWebhook


def test_a_team_that_goes_takes_its_webhooks_and_their_queue(db: None, webhook: MakeWebhook) -> None:
    made, _ = webhook("https://example.org/hook")
    Webhook.objects.update(team=team("short-lived"))
    Delivery.objects.create(webhook=made, event="test", body="{}")
    team("short-lived").delete()
    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)
