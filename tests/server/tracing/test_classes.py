from __future__ import annotations

import pytest

from server.accounts.models import Risk
from server.catalog.tools import find
from server.tracing.classes import session_risk, tool_risk


@pytest.mark.parametrize(
    ("tool", "params", "stated", "risk"),
    [
        ("opensnoop", {}, None, Risk.S2),
        ("syscount", {}, None, Risk.S1),
        ("syscount", {}, 0, Risk.S1),
        ("sslsniff", {}, 1, Risk.S3),
        ("uprobe", {"function": "c:read"}, None, Risk.S2),
        ("uprobe", {"function": "c:read", "args": "str"}, 1, Risk.S3),
        ("uprobe", {"function": "c:read", "args": "what is this"}, 1, Risk.S3),
        ("tracepoint", {"tracepoint": "sched:sched_switch"}, None, Risk.S3),
        ("tracepoint", {"tracepoint": "sched:sched_switch"}, 0, Risk.S1),
        ("tracepoint", {"tracepoint": "sched:sched_switch"}, 2, Risk.S2),
        ("tracepoint", {"tracepoint": "sched:sched_switch", "strings": "filename"}, 1, Risk.S3),
    ],
)
def test_what_a_session_may_reveal(tool: str, params: dict[str, str], stated: int | None, risk: Risk) -> None:
    assert session_risk(find(tool).tool, params, stated) == risk


def test_a_tools_class_is_that_of_its_manifest() -> None:
    assert [tool_risk(find(name).tool) for name in ("syscount", "opensnoop", "sslsniff")] == [1, 2, 3]
