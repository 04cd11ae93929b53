from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils import timezone

from server.consent import requests
from server.consent.models import Request
from server.webhooks.models import Delivery, Webhook
from tests.server.consent.requests import MakeUser, asked, signed_by_ada, signed_by_bob
from tests.server.people import team


def told() -> list[dict[str, Any]]:
    return [json.loads(body) for body in Delivery.objects.order_by("created_at").values_list("body", flat=True)]


def events() -> list[str]:
    return [message["type"] for message in told()]


def listening() -> None:
    Webhook.objects.create(team=team(), url="https://example.org/", secret=b"")


def test_a_request_is_told_when_it_is_made_approved_and_denied(user: MakeUser) -> None:
    listening()
    request, bob = asked(user), user("approver", "bob")
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    requests.approve(bob, str(request.pk), signed_by_bob(request))
    requests.deny(bob, str(request.pk), "the log has it already")
    assert events() == ["request.made", "request.approved", "request.denied"]
    data = told()[0]["data"]
    assert data["url"] == f"{settings.ENV.origin}/requests/{request.pk}"
    wanted = {"asked_by": "ada", "tool": "sslsniff", "risk": "s3", "hosts": ["web-1"], "team": "default"}
    assert wanted.items() <= data.items()


def test_neither_reasons_nor_parameters_leave_the_server(user: MakeUser) -> None:
    listening()
    request = asked(user)
    requests.deny(user("approver", "bob"), str(request.pk), "the log has it already")
    text = json.dumps(told())
    assert "a customer's call" not in text and "the log has it already" not in text


def test_one_that_expires_is_told_and_one_that_is_withdrawn_is_not(user: MakeUser) -> None:
    listening()
    first = asked(user)
    requests.withdraw(first.created_by, str(first.pk))
    assert events() == ["request.made"]
    Request.objects.update(state="waiting", expires_at=timezone.now())
    requests.expire()
    assert events() == ["request.made", "request.expired"]


def test_broken_glass_is_told_when_it_is_used_and_as_approved_by_nobody(user: MakeUser) -> None:
    listening()
    request = asked(user, break_glass=True)
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    request.refresh_from_db()
    assert (request.state, events()) == ("approved", ["request.made"])
    requests.started(request)
    assert events() == ["request.made", "request.break_glass"]


def test_who_has_no_webhook_is_told_nothing(user: MakeUser) -> None:
    asked(user)
    assert told() == []
