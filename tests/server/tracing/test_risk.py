from __future__ import annotations

import pytest

from proto.v1.tool_pb2 import RISK_S2, RISK_S3
from server.catalog.tools import find
from server.errors import Invalid
from server.tracing.risk import session_risk


def test_a_tool_shows_what_its_manifest_says() -> None:
    assert session_risk(find("opensnoop").tool, {}) == RISK_S2
    assert session_risk(find("sslsniff").tool, {}) == RISK_S3


def test_strings_and_buffers_make_it_plaintext() -> None:
    assert session_risk(find("uprobe").tool, {"args": "n:s32"}) == RISK_S2
    assert session_risk(find("uprobe").tool, {"args": "n:s32,name:str"}) == RISK_S3
    assert session_risk(find("usdt").tool, {"args": "b:bytes[8]"}) == RISK_S3
    assert session_risk(find("tracepoint").tool, {"strings": "filename"}) == RISK_S3
    assert session_risk(find("tracepoint").tool, {"strings": ""}) == find("tracepoint").tool.risk
    with pytest.raises(Invalid, match="is no type"):
        session_risk(find("uprobe").tool, {"args": "x:long"})
