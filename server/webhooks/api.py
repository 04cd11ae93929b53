"""A team's webhooks over HTTP, for who administers it."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from server.accounts.auth import person
from server.accounts.models import Team, User
from server.accounts.policy import Action
from server.accounts.teams_api import team_named
from server.webhooks import manage
from server.webhooks.models import URL_LENGTH, Webhook

router = Router(tags=["teams"])


class NewWebhook(Schema):
    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=URL_LENGTH)]


class WebhookOut(Schema):
    """`result`: what came of the last try. `failures`: tries since one succeeded. `waiting`: messages still to send."""

    id: uuid.UUID
    url: str
    created_by: str
    created_at: datetime.datetime
    tried_at: datetime.datetime | None
    result: str
    failures: int
    waiting: int


class MadeWebhook(WebhookOut):
    """`secret` is shown only here."""

    secret: str


@router.get("/{team}/webhooks", response=list[WebhookOut])
def list_webhooks(request: HttpRequest, team: str) -> list[dict[str, Any]]:
    actor = person(request)
    return [webhook_out(webhook) for webhook in manage.webhooks_of(actor, _team(actor, team))]


@router.post("/{team}/webhooks", response={201: MadeWebhook})
def add_webhook(request: HttpRequest, team: str, body: NewWebhook) -> Status[dict[str, Any]]:
    """It is told of the team's requests from now on."""
    actor = person(request)
    made, secret = manage.add(actor, _team(actor, team), body.url)
    return Status(201, {**webhook_out(made), "secret": secret})


@router.delete("/{team}/webhooks/{webhook}", response={204: None})
def remove_webhook(request: HttpRequest, team: str, webhook: uuid.UUID) -> Status[None]:
    """With what still waits to be sent there."""
    actor = person(request)
    manage.remove(actor, _team(actor, team), webhook)
    return Status(204, None)


@router.post("/{team}/webhooks/{webhook}/test", response=WebhookOut)
def test_webhook(request: HttpRequest, team: str, webhook: uuid.UUID) -> dict[str, Any]:
    """Sends a message that is about nothing; list the webhooks to see what came of it."""
    actor = person(request)
    return webhook_out(manage.try_out(actor, _team(actor, team), webhook))


def _team(actor: User, name: str) -> Team:
    return team_named(actor, name, Action.WEBHOOK_CHANGE)


def webhook_out(webhook: Webhook) -> dict[str, Any]:
    names = ("id", "url", "created_by", "created_at", "tried_at", "result", "failures")
    waiting = webhook.deliveries.filter(due_at__isnull=False).count()
    return {**{name: getattr(webhook, name) for name in names}, "waiting": waiting}
