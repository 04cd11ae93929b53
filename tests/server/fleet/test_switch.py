from __future__ import annotations

import pytest

from server.audit.models import AuditEntry
from server.fleet import switch
from server.fleet.models import Host
from tests.server.fleet.hosts import make_host

pytestmark = pytest.mark.django_db


def test_a_host_is_switched_off_and_on_again() -> None:
    host = make_host("web-1")
    make_host("web-2")
    switch.switch_host("admin", host, "incident 7", off=True)
    assert [found.name for found in Host.objects.filter(switch.switched_off())] == ["web-1"]
    switch.switch_host("admin", host, "over", off=False)
    assert not Host.objects.filter(switch.switched_off()).exists()
    entries = AuditEntry.objects.order_by("id").values_list("action", "hosts", "reason", "detail__off")
    assert list(entries) == [("host.switch", ["web-1"], "incident 7", True), ("host.switch", ["web-1"], "over", False)]


def test_the_fleet_is_switched_off_as_a_whole() -> None:
    make_host("web-1")
    make_host("web-2")
    switch.switch_fleet("admin", "incident 7", off=True)
    assert Host.objects.filter(switch.switched_off()).count() == 2
    assert switch.fleet_switch().changed_by == "admin"
    switch.switch_fleet("admin", "", off=False)
    assert not switch.fleet_switch().off


def test_revoking_is_final_and_on_the_record() -> None:
    host = make_host("web-1")
    switch.revoke("admin", host, "stolen")
    assert Host.objects.get().state == "revoked"
    assert AuditEntry.objects.get().reason == "stolen"
