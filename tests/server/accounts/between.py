"""Refusals that lie between the cells of the matrix: of rights in one team only, of bounds, of what was lost since."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib.sessions.backends.base import SessionBase
from django.test import Client

from server.accounts import teams, tokens
from server.accounts.models import Grant, Risk, Scope, User
from server.accounts.policy import Action
from server.accounts.standing import Entrance
from server.accounts.teams import Terms
from server.accounts.tokens import Reach
from server.consent import requests
from server.consent.models import Request
from server.consent.rights import permitted
from server.errors import ApiError
from server.fleet import consumers
from server.live.access import RefusedError, enter
from server.templates import keep
from server.tracing import looking, sharing
from server.tracing.approved import ask, start_approved
from server.tracing.start import Order, start
from tests.server.consent.requests import MakeUser, asked, signed_by_ada, signed_by_bob
from tests.server.fleet.hosts import make_host
from tests.server.people import grant, team
from tests.server.tracing.sessions import traced

Case = Callable[[MakeUser], object]


def answer(case: Case, user: MakeUser) -> str:
    """The kind of refusal, or its reason; empty: there is none."""
    try:
        said = case(user)
    except (ApiError, RefusedError) as error:
        return type(error).__name__
    return said if isinstance(said, str) else ""


def outsider_gives_to_nobody(user: MakeUser) -> object:
    """Who may give nothing is not told who there is."""
    return teams.give(user("tracer"), Terms("viewer", "nobody"))


def outsider_alters_to_nobody(user: MakeUser) -> object:
    spare = grant(user("viewer"), "viewer", team("ours"))
    return teams.alter(user("tracer"), spare, Terms("viewer", "nobody"))


def admin_gives_elsewhere(user: MakeUser) -> object:
    return teams.give(_admin_of_ours(user), Terms("viewer", "ann", team="theirs"))


def admin_alters_to_elsewhere(user: MakeUser) -> object:
    ann = _admin_of_ours(user)
    spare = grant(user("viewer"), "viewer", team("ours"))
    return teams.alter(ann, spare, Terms("viewer", "viewer", team="theirs"))


def admin_joins_where_more_is_granted(user: MakeUser) -> None:
    ann = _admin_of_ours(user)
    teams.join(ann, team("ours"), "ann")


def admin_adds_somebody_where_more_is_granted(user: MakeUser) -> None:
    ann = _admin_of_ours(user)
    grant(None, "tracer", team("theirs"), holders=team("ours"))
    teams.join(ann, team("ours"), user("", "eve").username)


def narrow_token_signs_browsers_out(user: MakeUser) -> str:
    token = tokens.mint(user("tracer"), "report", 1, Reach.named("read", "s1"))
    return str(Client().delete("/api/auth/sign-ins", headers={"Authorization": f"Bearer {token}"}).status_code)


def start_beyond_the_class(user: MakeUser) -> object:
    make_host("web-1")
    grant(ann := user("", "ann"), "tracer", team(), risk=Risk.S0)
    return start(ann, Order("opensnoop", hosts=["web-1"]))


def start_of_what_was_approved_beyond_a_new_bound(user: MakeUser) -> object:
    request = _agreed(user)
    Grant.objects.filter(person=request.created_by).update(max_seconds=1)
    return start_approved(request.created_by, str(request.pk))


def start_of_what_was_approved_by_somebody_who_may_no_more(user: MakeUser) -> object:
    request = _agreed(user)
    Grant.objects.filter(person__username="bob").delete()
    return start_approved(request.created_by, str(request.pk))


def glass_broken_without_the_right(user: MakeUser) -> object:
    make_host("web-1")
    return ask(user("tracer"), Order("opensnoop", hosts=["web-1"], reason="x"), 60, break_glass=True)


def glass_broken_by_somebody_who_may_no_more(user: MakeUser) -> object:
    request = asked(user, tool="opensnoop", break_glass=True)
    request.created_by.grants.update(break_glass=False)
    return start_approved(request.created_by, str(request.pk))


def approval_of_what_one_may_only_view(user: MakeUser) -> object:
    request = asked(user)
    grant(eve := user("", "eve"), "approver", team(), risk=Risk.S1)
    grant(eve, "viewer", team())
    return permitted(eve, str(request.pk), Action.SESSION_APPROVE)


def link_to_what_no_link_opens(user: MakeUser) -> object:
    session = traced(user("tracer", "ann")).session
    session.risk = Risk.S3
    session.save()
    return sharing.give(session.created_by, str(session.pk), sharing.Terms()) and None


def stranger_opens_a_socket(user: MakeUser) -> object:
    session = traced(user("viewer")).session
    route = {"kwargs": {"session": str(session.pk)}}
    return enter({"user": user("", "ann"), "url_route": route, "session": SessionBase()}) and None


def stranger_goes_on_looking(user: MakeUser) -> object:
    session = traced(user("viewer")).session
    return looking.lost(Entrance(user("", "ann").pk, ""), session.pk)


def stranger_enters_the_fleets_socket(user: MakeUser) -> object:
    consumer = consumers.FleetConsumer()
    consumer.scope = cast(Any, {"user": user("", "ann"), "session": SessionBase(), "client": ("10.0.0.1", 1)})
    return consumer._enter()


def stranger_goes_on_hearing_of_the_fleet(user: MakeUser) -> object:
    return consumers._problem(Entrance(user("", "ann").pk, ""))


def narrow_looks_at(path: str, user: MakeUser) -> str:
    """The answer's status, the hosts that it mentions, and how many requests wait: for one who may know of host-1."""
    make_host("host-1")
    make_host("host-2")
    sessions = {name: traced(user("viewer", name), hosts) for name, hosts in (("bob", 1), ("eve", 2))}
    for name in ("host-1", "host-2"):
        ask(
            user("tracer", f"tracer-of-{name[-1]}"), Order("opensnoop", hosts=[name], reason="x"), 60, break_glass=False
        )
    client = Client()
    client.force_login(_narrow(user), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(path.format(hidden=sessions["eve"].session.pk))
    text = answer.content.decode()
    waiting = re.findall(r'"waiting": (\d+)', text)
    return f"{answer.status_code} {sorted(set(re.findall('host-[12]', text)))} {waiting}"


def narrow_starts_elsewhere(user: MakeUser) -> object:
    make_host("host-2")
    return start(_narrow(user), Order("opensnoop", hosts=["host-2"], team="default"))


LOOKS = (
    "/api/hosts",
    "/api/hosts/host-2",
    "/api/me/rights?tool=opensnoop",
    "/api/metrics",
    "/api/requests",
    "/api/sessions",
    "/api/sessions/{hidden}",
    "/api/tools",
)


def tracing_token_keeps_a_template(user: MakeUser) -> object:
    make_host("web-1")
    tokens.mint(user("tracer", "tilo"), "ci", 1, Reach(Scope.TRACE, Risk.S1))
    tilo = User.objects.get(username="tilo")
    tilo.token = tilo.tokens.get()
    return keep.keep(tilo, "calls", Order("syscount", hosts=["web-1"]), "")


CASES: tuple[Case, ...] = (
    tracing_token_keeps_a_template,
    *(partial(narrow_looks_at, path) for path in LOOKS),
    narrow_starts_elsewhere,
    outsider_gives_to_nobody,
    outsider_alters_to_nobody,
    admin_gives_elsewhere,
    admin_alters_to_elsewhere,
    admin_joins_where_more_is_granted,
    admin_adds_somebody_where_more_is_granted,
    narrow_token_signs_browsers_out,
    start_beyond_the_class,
    start_of_what_was_approved_beyond_a_new_bound,
    start_of_what_was_approved_by_somebody_who_may_no_more,
    glass_broken_without_the_right,
    glass_broken_by_somebody_who_may_no_more,
    approval_of_what_one_may_only_view,
    link_to_what_no_link_opens,
    stranger_opens_a_socket,
    stranger_goes_on_looking,
    stranger_enters_the_fleets_socket,
    stranger_goes_on_hearing_of_the_fleet,
)


def _admin_of_ours(user: MakeUser) -> User:
    user("admin")
    team("theirs")
    grant(ann := user("", "ann"), "admin", team("ours"))
    return ann


def _narrow(user: MakeUser) -> User:
    """Of every role that is not for every host, in every team, on host-1 alone."""
    ann = user("", "ann")
    for role in ("viewer", "tracer", "approver"):
        grant(ann, role, None, host_names=["host-1"])
    return ann


def _agreed(user: MakeUser) -> Request:
    request = asked(user)
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    return requests.approve(user("approver", "bob"), str(request.pk), signed_by_bob(request))
