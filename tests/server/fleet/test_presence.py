from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from bpf.calls import LISTED_MAX
from proto.v1.agent_pb2 import Hello, HostFacts, Verdict
from server.fleet import presence
from server.fleet.models import Host, HostVerdict
from tests.server.fleet.hosts import make_host

pytestmark = pytest.mark.django_db


def test_only_the_newest_certificate_of_a_known_host_counts() -> None:
    host = make_host("web-1", certificate_serial="ff")
    assert presence.identified(str(host.id), 255) == host
    for host_id, serial in ((str(host.id), 254), ("no uuid", 255), ("00000000-0000-0000-0000-000000000000", 255)):
        with pytest.raises(presence.UnknownHostError, match="join it again"):
            presence.identified(host_id, serial)
    Host.objects.update(revoked_at=timezone.now())
    with pytest.raises(presence.UnknownHostError, match="was revoked"):
        presence.identified(str(host.id), 255)


def test_what_a_host_says_is_written_down_and_bounded() -> None:
    host = make_host("web-1", online=False)
    hello = Hello(
        agent_version="1.2",
        facts=HostFacts(kernel_release="6.18\0evil", cpus=2, boot_ns=5),
        labels={f"key-{number:03}": "v" * 1000 for number in range(100)},
        policy_digest=b"\x01" * 100,
        numbers=[f"/opt/app\0{number}:f" for number in range(1000)],
        verdicts=[Verdict(tool="opensnoop", state=Verdict.STATE_REFUSED, reason="no\0pe", tool_digest=b"\x02" * 32)],
    )
    presence.connected(host.id, "connection-1", hello)
    host.refresh_from_db()
    assert host.state == "online"
    assert host.facts["kernel_release"] == "6.18evil"
    assert host.facts["cpus"] == 2
    assert len(host.own_labels) == presence.MAX_LABELS
    assert {len(value) for value in host.own_labels.values()} == {256}
    assert host.numbers == [f"/opt/app{number}:f" for number in range(LISTED_MAX)]
    verdict = HostVerdict.objects.get(host=host, tool="opensnoop")
    assert (verdict.state, verdict.reason, verdict.digest) == ("refused", "nope", "02" * 32)


def test_a_newer_verdict_replaces_the_older_one() -> None:
    host = make_host("web-1")
    states = [Verdict.STATE_CHECKING, Verdict.STATE_FORBIDDEN]
    presence.judged(host.id, [Verdict(tool="opensnoop", state=state) for state in states])
    assert HostVerdict.objects.get(host=host, tool="opensnoop").state == "forbidden"


def test_a_newer_connection_takes_the_host_over() -> None:
    host = make_host("web-1")
    presence.connected(host.id, "older", Hello())
    presence.connected(host.id, "newer", Hello())
    assert presence.holding(["older", "newer", ""]) == {"newer"}
    presence.disconnected("older")
    host.refresh_from_db()
    assert host.connection == "newer"
    presence.disconnected("newer")
    host.refresh_from_db()
    assert host.state == "offline"


def test_a_heartbeat_keeps_a_host_online() -> None:
    host = make_host("web-1", connection="mine")
    long_ago = timezone.now() - datetime.timedelta(minutes=1)
    Host.objects.update(last_seen=long_ago)
    presence.still_here(["", "another"])
    host.refresh_from_db()
    assert host.state == "offline"
    presence.still_here(["mine"])
    host.refresh_from_db()
    assert host.state == "online"


def test_a_revoked_host_holds_nothing() -> None:
    make_host("web-1", connection="mine", revoked_at=timezone.now())
    assert presence.holding(["mine"]) == set()
