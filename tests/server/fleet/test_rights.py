from __future__ import annotations

from collections.abc import Callable

from server.accounts.models import Risk, User
from server.accounts.policy import Action
from server.fleet.models import Host
from server.fleet.rights import hosts_for, live_runs
from tests.server.fleet.hosts import make_host
from tests.server.people import grant, team
from tests.server.tracing.sessions import traced


def names(actor: User, action: Action = Action.HOST_VIEW) -> list[str]:
    return sorted(host.name for host in hosts_for(actor, action))


def test_hosts_that_no_grant_selects_are_not_there(user: Callable[..., User]) -> None:
    make_host("web-1", labels={"env": "dev"})
    make_host("web-2", own_labels={"env": "dev"}, labels={"env": "prod"})
    make_host("web-3", own_labels={"env": "dev"})  # whoever owns it may say so, and gives nobody a right by it
    ann = user("", "ann")
    assert names(ann) == []
    grant(ann, "viewer", team(), host_labels={"env": "dev"})
    assert names(ann) == ["web-1"]
    grant(ann, "tracer", team("web"), host_names=["web-2"])
    assert names(ann) == ["web-1", "web-2"]
    assert names(ann, Action.HOST_ASK) == ["web-2"]
    grant(ann, "admin", None)
    assert names(ann) == sorted(Host.objects.values_list("name", flat=True))


def test_runs_of_other_teams_and_higher_classes_are_not_counted(user: Callable[..., User]) -> None:
    ann = user("", "ann")
    for owner, risk in (("default", Risk.S1), ("default", Risk.S3), ("other", Risk.S1)):
        made = traced(ann).session
        made.team, made.risk = team(owner), risk
        made.save()
    ended = traced(ann)
    ended.end()
    host = Host.objects.get()
    assert live_runs(ann)[host.pk] == 0
    grant(ann, "viewer", team(), risk=Risk.S2)
    assert live_runs(ann)[host.pk] == 1
    grant(ann, "viewer", None)
    assert live_runs(ann)[host.pk] == 3
