"""Sessions as `decide` sees them: one at a time, and as lists that hold just what it would allow one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from server.accounts import grants
from server.accounts.models import Grant, Risk, Team, User
from server.accounts.policy import About, Action, Actor, decide, reach
from server.accounts.roles import LINKED, RULES, Rule
from server.fleet.models import Host
from server.tracing.models import Run, Session, Share


def about(session: Session, actor: Actor) -> About:
    return About(
        team=session.team,
        hosts=[run.host for run in session.runs.select_related("host").order_by("host__name")],
        risk=session.risk,
        what=session.tool,
        created_by=session.created_by_id,
        shared=isinstance(actor, User) and shares_with(actor).filter(session=session).exists(),
    )


def by_share(session: Session, actor: Actor, action: Action) -> dict[str, int | str]:
    """For the record: the share without which the person might not do it, of a link the link; empty: none is needed."""
    asked = about(session, actor)
    if not isinstance(actor, User) or not asked.shared or decide(actor, action, replace(asked, shared=False)).allowed:
        return {}
    share = shares_with(actor).filter(session=session).select_related("created_by").order_by("pk").first()
    return {"by_share": share.through_id or share.pk, "given_by": share.created_by.username} if share else {}


def shares_with(actor: User) -> QuerySet[Share]:
    """What holds now. A link is no share of anybody before it is opened."""
    mine = Q(person=actor) | Q(team__in=Team.objects.filter(members=actor))
    return holding(Share.objects.filter(mine))


def holding(shares: QuerySet[Share]) -> QuerySet[Share]:
    """Those that open something now: not expired, given by somebody who may still share their session so."""
    lasting = shares.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
    found = Q(pk__in=[])
    for giver in User.objects.filter(pk__in=lasting.values("created_by")):
        still = sessions_for(giver, Action.SESSION_SHARE).values("pk")
        found = found | Q(created_by=giver, session__in=still)
    by_link = Q(person=None, team=None) | Q(through__isnull=False)
    return lasting.filter(found).exclude(by_link, session__risk__gt=LINKED)


def sessions_for(actor: Actor, action: Action = Action.SESSION_LIST) -> QuerySet[Session]:
    """Those of which `decide` would say yes."""
    rule, reaching, owning = RULES[action], reach(actor, action), reach(actor, action, own=True)
    if not isinstance(actor, User) or not owning:
        return Session.objects.none()
    found = Q(pk__in=[])
    for team in Team.objects.all():
        here = [grant for grant in reaching if grants.in_team(grant, team)]
        if here:
            found = found | (Q(team=team) & _covered(here, rule))
        mine = [grant for grant in owning if grants.in_team(grant, team)]
        if len(mine) > len(here):
            found = found | (Q(team=team, created_by=actor) & _covered(mine, rule))
    if rule.shared and reaching:
        found = found | (Q(pk__in=shares_with(actor).values("session")) & _covered(reaching, rule))
    return Session.objects.filter(found)


def teams_for(actor: Actor) -> frozenset[int]:
    """Of the sessions that the person may know of, shared ones too: whose news are news to them."""
    reaching = reach(actor, Action.SESSION_LIST)
    if not isinstance(actor, User) or not reaching:
        return frozenset()
    shared = shares_with(actor).values_list("session__team", flat=True)
    teams = {team.pk for team in Team.objects.all() if any(grants.in_team(grant, team) for grant in reaching)}
    return frozenset(teams | set(shared))


def _covered(reaching: Iterable[Grant], rule: Rule) -> Q:
    """Every host of the session is covered by some grant of its class."""
    found = Q(pk__in=[])
    for risk in Risk.values:
        classed = [grant for grant in reaching if grants.highest(grant, rule) >= risk]
        if not classed:
            break
        if any(grants.every_host(grant) for grant in classed):
            found = found | Q(risk=risk)
        else:
            chosen = [host.pk for host in Host.objects.all() if any(grants.covers(grant, host) for grant in classed)]
            outside = Exists(Run.objects.filter(session=OuterRef("pk")).exclude(host__in=chosen))
            found = found | Q(~outside, risk=risk)
    return found
