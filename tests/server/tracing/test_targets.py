from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from server.catalog.tools import find
from server.errors import Conflict, Invalid
from server.fleet.models import Host, HostVerdict
from server.fleet.switch import switch_fleet
from server.tracing.targets import check_ready, resolve
from tests.server.fleet.hosts import make_host

pytestmark = pytest.mark.django_db


def names(hosts: list[str], labels: dict[str, str] | None = None) -> list[str]:
    return [host.name for host in resolve(hosts, labels or {}, Host.objects.all())]


def test_the_only_host_is_meant_when_none_is_named() -> None:
    with pytest.raises(Conflict, match="no host has joined yet; run `fleetscope hosts token`"):
        names([])
    make_host("web-1")
    make_host("gone", revoked_at=timezone.now())
    assert names([]) == ["web-1"]
    make_host("web-2")
    with pytest.raises(Invalid, match="say which host: web-1, web-2"):
        names([])


def test_names_ids_and_labels_add_up() -> None:
    first = make_host("web-1", own_labels={"env": "prod"})
    make_host("web-2", labels={"env": "prod", "rack": "7"})
    make_host("web-3", own_labels={"env": "dev"})
    assert names([str(first.id)]) == ["web-1"]
    assert names([], {"env": "prod"}) == ["web-1", "web-2"]
    assert names([], {"env": "prod", "rack": "7"}) == ["web-2"]
    assert names(["web-3", "web-3"], {"rack": "7"}) == ["web-2", "web-3"]


def test_what_means_no_host_is_refused() -> None:
    make_host("web-1")
    with pytest.raises(Invalid, match="there is no host 'web-9' that you may see; there are web-1"):
        names(["web-9"])
    with pytest.raises(Invalid, match="no host has the labels env=prod"):
        names([], {"env": "prod"})


@pytest.mark.parametrize(
    ("fields", "verdict", "message"),
    [
        ({"connection": ""}, {}, r"web-1 is offline \(last seen .* UTC\); start its agent"),
        ({"switched_off": True, "switch_reason": "incident"}, {}, "web-1 is switched off: incident"),
        ({"remote_off": True}, {}, "itself allows no tracing now"),
        ({}, {"state": "refused", "reason": "no uprobes here"}, "web-1 cannot run opensnoop: no uprobes here"),
        ({}, {"state": "forbidden", "reason": "S2 is off"}, "web-1 does not allow opensnoop: S2 is off"),
        ({}, {"digest": "00"}, "another version of opensnoop; upgrade"),
    ],
)
def test_a_host_that_cannot_is_named_with_the_reason(
    fields: dict[str, Any], verdict: dict[str, str], message: str
) -> None:
    host = make_host("web-1", **fields)
    HostVerdict.objects.filter(tool="opensnoop").update(**verdict)
    with pytest.raises(Conflict, match=message):
        check_ready([host, make_host("web-2")], find("opensnoop"))


def test_every_host_that_cannot_is_named() -> None:
    hosts = [make_host("web-1", online=False), make_host("web-2"), make_host("web-3", remote_off=True)]
    with pytest.raises(Conflict, match=r"web-1 is offline \(never seen\).*; web-3 itself allows no tracing"):
        check_ready(hosts, find("opensnoop"))


@pytest.mark.parametrize("state", ["works", "works_with_loss", "checking"])
def test_a_host_that_can_or_is_finding_out_may_start(state: str) -> None:
    host = make_host("web-1")
    HostVerdict.objects.update(state=state)
    check_ready([host], find("opensnoop"))
    HostVerdict.objects.all().delete()
    check_ready([host], find("opensnoop"))
    make_host("web-2")
    assert names([str(host.id)]) == ["web-1"]


def test_a_switched_off_fleet_starts_nothing() -> None:
    host = make_host("web-1")
    switch_fleet("ann", "incident", off=True)
    with pytest.raises(Conflict, match="switched off for the whole fleet by ann: incident"):
        check_ready([host], find("opensnoop"))
