"""Which hosts a person may know of, or do something with, as a list."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from server.accounts import grants
from server.accounts.policy import Action, Actor, reach
from server.accounts.roles import RULES
from server.fleet.models import Host


def hosts_for(actor: Actor, action: Action = Action.HOST_VIEW) -> QuerySet[Host]:
    reaching = reach(actor, action)
    if any(grants.every_host(grant) for grant in reaching):
        return Host.objects.all()
    selected = [host.pk for host in Host.objects.all() if any(grants.covers(grant, host) for grant in reaching)]
    return Host.objects.filter(pk__in=selected)


def live_runs(actor: Actor) -> Counter[UUID]:
    """How many runs each host has now, of those that the person may know of."""
    reaching = reach(actor, Action.SESSION_LIST)
    live = Count("runs", filter=~Q(runs__state__in=["ended", "refused"]))
    grouped = Host.objects.order_by().values_list("pk", "runs__session__team", "runs__session__risk")
    kinds = grouped.annotate(live=live).filter(live__gt=0)
    hosts = Host.objects.in_bulk([pk for pk, *_ in kinds])
    counted: Counter[UUID] = Counter()
    for pk, team, risk, number in kinds:
        if grants.cover_all(reaching, RULES[Action.SESSION_LIST], team, risk, [hosts[pk]]):
            counted[pk] += number
    return counted
