"""Adding, trying and removing a team's webhooks, on the record."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import transaction

from server.accounts.models import Team
from server.accounts.policy import About, Action, Actor, require
from server.audit.record import record
from server.errors import Conflict, NotFound
from server.webhooks import address, queue, sealing
from server.webhooks.models import Webhook

MOST = 10  # of one team


def webhooks_of(actor: Actor, team: Team) -> list[Webhook]:
    """Raises Forbidden."""
    require(actor, Action.WEBHOOK_CHANGE, About(team=team), detail={"team": team.name})
    return list(team.webhooks.all())


def add(actor: Actor, team: Team, url: str) -> tuple[Webhook, str]:
    """With its secret, which nobody is shown again. Raises Forbidden, Invalid or Conflict."""
    facts = {"team": team.name, "url": address.origin(url)}
    require(actor, Action.WEBHOOK_CHANGE, About(team=team), detail=facts)
    address.check(url)
    _refuse_unreachable(url)
    secret, pk = sealing.new_secret(), uuid.uuid4()
    with transaction.atomic():
        if team.webhooks.count() >= MOST:
            raise Conflict(f"the team {team.name} has {MOST} webhooks, the most there can be; remove one first")
        name = getattr(actor, "username", "")
        made = Webhook.objects.create(id=pk, team=team, url=url, secret=sealing.seal(pk, secret), created_by=name)
        record(Action.WEBHOOK_CHANGE, name, detail={**facts, "webhook": str(pk), "change": "added"})
    return made, sealing.shown(secret)


def remove(actor: Actor, team: Team, webhook: uuid.UUID) -> None:
    """With what still waits to be sent there. Raises Forbidden or NotFound."""
    found = _found(actor, team, webhook, "removed")
    with transaction.atomic():
        _on_record(actor, found, "removed")
        found.delete()


def try_out(actor: Actor, team: Team, webhook: uuid.UUID) -> Webhook:
    """Sends a message that is about nothing. Raises Forbidden, NotFound or Conflict."""
    found = _found(actor, team, webhook, "tested")
    if found.deliveries.filter(event="test", due_at__isnull=False).exists():
        raise Conflict("a test waits to be sent there already; see what comes of it")
    with transaction.atomic():
        _on_record(actor, found, "tested")
        queue.put(found, "test", {"team": team.name, "message": "Fleetscope tells this address of requests."})
    return found


def _refuse_unreachable(url: str) -> None:
    """Where nothing will ever be sent. A name that has no address today may have one tomorrow. Raises Conflict."""
    try:
        address.find(url, settings.ENV.webhook_networks)
    except address.AddressRefused as error:
        raise Conflict(str(error), field="url") from error
    except OSError:
        return


def _found(actor: Actor, team: Team, webhook: uuid.UUID, change: str) -> Webhook:
    facts: dict[str, Any] = {"team": team.name, "webhook": str(webhook), "change": change}
    require(actor, Action.WEBHOOK_CHANGE, About(team=team), detail=facts)
    found = team.webhooks.select_related("team").filter(pk=webhook).first()
    if found is None:
        raise NotFound(f"the team {team.name} has no such webhook any more; list them again")
    return found


def _on_record(actor: Actor, webhook: Webhook, change: str) -> None:
    facts = {
        "team": webhook.team.name,
        "url": address.origin(webhook.url),
        "webhook": str(webhook.pk),
        "change": change,
    }
    record(Action.WEBHOOK_CHANGE, getattr(actor, "username", ""), detail=facts)
