from __future__ import annotations

from collections.abc import Callable

import pytest

from proto.v1.agent_pb2 import RunLimits
from server.accounts.grants import Bounds
from server.accounts.models import Risk, User
from server.accounts.policy import About
from server.errors import Invalid
from server.fleet.models import Host
from server.tracing.allowance import allowances, asked, fit, team_for
from tests.server.fleet.hosts import make_host
from tests.server.people import grant, team


@pytest.fixture
def ann(user: Callable[..., User]) -> User:
    return user("", "ann")


def about(*hosts: Host) -> About:
    return About(team=team(), hosts=hosts, risk=Risk.S1)


def test_the_team_is_the_only_one_or_has_to_be_named(ann: User) -> None:
    grant(ann, "tracer", team("web"))
    assert team_for(ann, "") == team_for(ann, "WEB") == team("web")
    with pytest.raises(Invalid, match="you start no sessions for a team 'default'; you do for web"):
        team_for(ann, "default")
    grant(ann, "tracer", team("db"))
    with pytest.raises(Invalid, match="say for which team: db, web"):
        team_for(ann, "")


def test_what_nobody_asked_for_is_cut_down_to_what_is_granted(ann: User) -> None:
    grant(ann, "tracer", team(), max_seconds=60, max_rows=1000, max_budget_permille=10)
    limits = RunLimits(duration_ms=300_000, rows=0, budget_permille=30)
    fitted = fit(limits, {}, ann, about(make_host("web-1")))
    assert (fitted.duration_ms, fitted.rows, fitted.budget_permille) == (60_000, 1000, 10)
    assert asked(fitted, 1) == Bounds(60, 1000, 10, 1)


def test_what_was_asked_for_stays_to_be_refused_by_name(ann: User) -> None:
    grant(ann, "tracer", team(), max_seconds=60)
    fitted = fit(RunLimits(duration_ms=300_000), {"duration_ms": 300_000}, ann, about(make_host("web-1")))
    assert fitted.duration_ms == 300_000


def test_the_tightest_host_counts_and_of_its_grants_the_loosest(ann: User) -> None:
    grant(ann, "tracer", team(), host_names=["web-1"], max_seconds=60)
    grant(ann, "tracer", team(), host_names=["web-1"], max_seconds=90)
    grant(ann, "tracer", team(), host_names=["web-2"])
    hosts = make_host("web-1"), make_host("web-2")
    assert fit(RunLimits(duration_ms=300_000), {}, ann, about(*hosts)).duration_ms == 90_000


def test_each_host_is_told_with_its_class_and_bounds(ann: User) -> None:
    grant(ann, "tracer", team(), host_names=["web-1"], risk=Risk.S1, max_seconds=60)
    hosts = [make_host("web-1"), make_host("web-2")]
    one, two = allowances(ann, team(), "syscount", Risk.S1, hosts)
    assert (one.host, one.allowed, one.risk, one.bounds.seconds) == ("web-1", True, 1, 60)
    assert (two.allowed, two.risk) == (False, None)
    assert "web-2: your grants select other hosts" in two.reason
    (higher, _) = allowances(ann, team(), "opensnoop", Risk.S2, hosts)
    assert (higher.allowed, higher.risk) == (False, 1)
