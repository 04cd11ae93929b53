from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError

from agent.link import client
from proto.v1.agent_pb2 import Envelope, Filters, ServerMessage
from server.accounts.models import Risk
from server.audit.models import AuditEntry
from server.catalog.tools import find
from server.errors import Invalid
from server.tracing import session_keys
from server.tracing.dispatch import take_starts
from server.tracing.launch import ORDER_MAX, launch
from server.tracing.models import Session
from tests.server.consent.requests import MakeUser
from tests.server.fleet.hosts import make_host


def test_session_and_runs_are_those_of_the_draft_and_begin_once(user: MakeUser) -> None:
    host, ids = make_host("web-1"), [uuid.uuid4(), uuid.uuid4()]
    draft = Envelope(
        session_id=ids[0].bytes,
        runs=[{"run_id": ids[1].bytes, "host_id": str(host.id), "host_name": "web-1"}],
        tool="opensnoop",
        tool_digest=find("opensnoop").digest,
        filters=Filters(pid=7),
        user="ada",
        team="default",
        risk="RISK_S2",
    )
    ada = user("tracer", "ada")
    session = launch(ada, draft, {"more": 1})
    assert (session.id, session.runs.get().id, session.filters) == (ids[0], ids[1], {"pid": 7})
    assert (session.team.name, session.risk) == ("default", 2)
    assert AuditEntry.objects.get().detail["more"] == 1
    with pytest.raises(IntegrityError):
        launch(ada, draft, {})


@pytest.mark.parametrize(
    ("tool", "params", "risk", "keyed"),
    [
        ("opensnoop", {}, Risk.S2, False),
        ("opensnoop", {}, Risk.S3, True),
        ("sslsniff", {}, Risk.S3, True),
        ("tracepoint", {"tracepoint": "sched:sched_process_fork"}, Risk.S1, True),
    ],
)
def test_a_start_that_may_show_plaintext_names_a_key(
    user: MakeUser, tool: str, params: dict[str, str], risk: Risk, *, keyed: bool
) -> None:
    host, run = make_host("web-1"), uuid.uuid4()
    draft = Envelope(
        session_id=uuid.uuid4().bytes,
        runs=[{"run_id": run.bytes, "host_id": str(host.id), "host_name": "web-1"}],
        tool=tool,
        tool_digest=find(tool).digest,
        params=params,
        team="default",
        risk=f"RISK_{risk.name}",
    )
    session = launch(user("tracer", "ada"), draft, {})
    key = Envelope.FromString(bytes(session.envelope)).payload_key
    assert (len(key), session_keys.exists(session.id)) == ((32, True) if keyed else (0, False))
    assert session.risk == risk
    assert AuditEntry.objects.get().detail["payload_key"] == key.hex()


def test_an_order_that_no_host_could_take_is_refused_and_leaves_nothing(user: MakeUser) -> None:
    hosts = [make_host(f"host-{number:04}-{'x' * 200}") for number in range(1400)]
    draft = Envelope(
        session_id=uuid.uuid4().bytes,
        runs=[{"run_id": uuid.uuid4().bytes, "host_id": str(host.id), "host_name": host.name} for host in hosts],
        tool="syscount",
        tool_digest=find("syscount").digest,
        team="default",
        risk="RISK_S1",
    )
    ada = user("tracer", "ada")
    with pytest.raises(Invalid, match=r"1400 hosts are too many .* start it on fewer"):
        launch(ada, draft, {})
    assert not Session.objects.exists() and not AuditEntry.objects.exists()
    del draft.runs[1000:]
    session = launch(ada, draft, {})
    ((_, _, order), *_) = take_starts([host.id for host in hosts])
    order.record.proof.extend([b"x" * 32] * 64)
    takes = dict(client.OPTIONS)["grpc.max_receive_message_length"]
    slack = ORDER_MAX - len(session.envelope) - len(order.record.entry)
    assert slack > 0
    assert ServerMessage(start=order).ByteSize() + slack < int(takes), "at the bound it fits"
