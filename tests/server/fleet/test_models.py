from __future__ import annotations

import pytest
from django.utils import timezone

from server.fleet.models import OFFLINE_AFTER, FleetSwitch, Host
from tests.server.fleet.hosts import make_host

pytestmark = pytest.mark.django_db


def test_a_host_is_online_while_it_is_connected_and_heard_of() -> None:
    host = make_host("web-1")
    assert host.state == "online"
    host.last_seen = timezone.now() - OFFLINE_AFTER
    assert host.state == "offline"
    host.last_seen = timezone.now() + 100 * OFFLINE_AFTER
    assert host.state == "offline", "written before the clock was set back"
    assert make_host("web-2", online=False).state == "offline"
    host.revoked_at = timezone.now()
    assert host.state == "revoked"


def test_labels_of_the_console_win() -> None:
    host = Host(name="x", own_labels={"env": "dev", "os": "debian"}, labels={"env": "prod"})
    assert host.all_labels == {"env": "prod", "os": "debian"}


def test_a_switch_says_why() -> None:
    assert str(FleetSwitch(off=True, reason="incident")) == "off: incident"
