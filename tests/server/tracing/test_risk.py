from __future__ import annotations

import pytest

from proto.v1 import tool_pb2 as pb
from server.accounts.models import Risk
from server.catalog.tools import find
from server.errors import Invalid
from server.tracing.risk import risk_of, session_risk


@pytest.mark.parametrize(
    ("tool", "params", "stated", "risk"),
    [
        ("opensnoop", {}, None, Risk.S2),
        ("syscount", {}, None, Risk.S1),
        ("syscount", {}, 0, Risk.S1),
        ("sslsniff", {}, 1, Risk.S3),
        ("uprobe", {"function": "c:read"}, None, Risk.S2),
        ("uprobe", {"function": "/opt/app:run", "args": "_", "ret": ""}, None, Risk.S2),
        ("uprobe", {"function": "/opt/app:run", "args": "n:s32"}, None, Risk.S3),
        ("uprobe", {"function": "/opt/app:run", "ret": "s32"}, 2, Risk.S3),
        ("uprobe", {"args": "n:s32,name:str"}, 1, Risk.S3),
        ("usdt", {"args": "b:bytes[8]"}, None, Risk.S3),
        ("usdt", {"probe": "/opt/app:a:b"}, None, Risk.S3),
        ("usdt", {"probe": "/opt/app:a:b", "args": "_"}, None, Risk.S2),
        ("tracepoint", {"tracepoint": "sched:sched_switch"}, None, Risk.S3),
        ("tracepoint", {"tracepoint": "sched:sched_switch"}, 0, Risk.S1),
        ("tracepoint", {"tracepoint": "sched:sched_switch"}, 2, Risk.S2),
        ("tracepoint", {"tracepoint": "sched:sched_switch", "strings": "filename"}, 1, Risk.S3),
    ],
)
def test_what_a_session_may_reveal(tool: str, params: dict[str, str], stated: int | None, risk: Risk) -> None:
    assert session_risk(find(tool).tool, params, stated) == risk


def test_numbers_are_less_where_every_hosts_owner_has_listed_the_call() -> None:
    tool, values = find("uprobe").tool, {"function": "/opt/app:run", "args": "n:s32"}
    assert session_risk(tool, values, None, [["/opt/app:*"], ["/opt/*:run"]]) == Risk.S2
    assert session_risk(tool, values, None, [["/opt/app:*"], []]) == Risk.S3
    assert session_risk(tool, {**values, "args": "n:str"}, None, [["/opt/app:*"]]) == Risk.S3


def test_what_cannot_be_read_has_no_class() -> None:
    with pytest.raises(Invalid, match="is no type"):
        session_risk(find("uprobe").tool, {"args": "x:long"})


def test_classes_are_those_of_manifests_and_envelopes_and_none_is_the_highest() -> None:
    assert [risk_of(find(name).tool.risk) for name in ("syscount", "opensnoop", "sslsniff")] == [1, 2, 3]
    assert (risk_of(pb.RISK_S0), risk_of(pb.RISK_UNSPECIFIED)) == (Risk.S0, Risk.S3)
