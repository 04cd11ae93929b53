from __future__ import annotations

import pytest

from agent.warden.admission import admit, lower
from agent.warden.envelope import Refused
from agent.warden.policy import HostLimits, parse_policy
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import Filters, RunLimits
from tests.agent.support.commands import envelope

CATALOG = {"opensnoop": load_tool(ROOT / "opensnoop")}
OPEN = parse_policy({"limits": {"budget_percent": 100}})


def test_a_good_start_gets_the_manifests_defaults() -> None:
    admission = admit(envelope("host"), CATALOG, OPEN)
    assert admission.limits.duration_ms == CATALOG["opensnoop"].tool.limits.duration_seconds.default * 1000
    assert admission.note == ""


def test_an_unknown_tool_is_refused() -> None:
    start = envelope("host")
    start.tool = "sslsniff"
    with pytest.raises(Refused, match="no tool 'sslsniff'"):
        admit(start, CATALOG, OPEN)


def test_another_version_of_the_tool_is_refused() -> None:
    start = envelope("host")
    start.tool_digest = b"\0" * 32
    with pytest.raises(Refused, match="differs between server and this host"):
        admit(start, CATALOG, OPEN)


def test_the_policy_counts() -> None:
    with pytest.raises(Refused, match="denies opensnoop"):
        admit(envelope("host"), CATALOG, parse_policy({"tools": {"deny": ["opensnoop"]}}))


def test_parameters_filters_and_limits_are_checked_again() -> None:
    with pytest.raises(Refused, match="no such parameter"):
        admit(envelope("host", params={"command": "rm"}), CATALOG, OPEN)
    with pytest.raises(Refused, match="pid: 0 is no process"):
        admit(envelope("host", filters=Filters(pid=0)), CATALOG, OPEN)
    with pytest.raises(Refused, match="over this tool's maximum"):
        admit(envelope("host", limits=RunLimits(duration_ms=10**12)), CATALOG, OPEN)


def test_of_every_limit_the_lesser_counts_and_is_told() -> None:
    host = HostLimits(duration_ms=60_000, rows=0, bytes=500, budget_permille=100)
    asked = RunLimits(duration_ms=90_000, rows=10, bytes=0, budget_permille=30)
    limits, note = lower(asked, host)
    assert limits == RunLimits(duration_ms=60_000, rows=10, bytes=500, budget_permille=30)
    assert note == "this host's policy sets: duration 60 s, bytes 500"


def test_a_buffer_is_cut_down_to_what_the_host_allows() -> None:
    asked, host = RunLimits(buffer_bytes=512 << 20), HostLimits(buffer_bytes=128 << 20)
    assert lower(asked, host)[0].buffer_bytes == 128 << 20
    assert "buffer 128 MiB" in lower(asked, host)[1]
    assert lower(RunLimits(), host)[0].buffer_bytes == 0
    assert lower(RunLimits(), HostLimits(buffer_bytes=8 << 20))[0].buffer_bytes == 8 << 20
    assert lower(RunLimits(buffer_bytes=1 << 20), host) == lower(RunLimits(buffer_bytes=1 << 20), HostLimits())


def test_rows_without_redaction_need_the_policys_word_and_plaintexts_risk_class() -> None:
    start = envelope("host")
    start.reveal = True
    with pytest.raises(Refused, match=r"can set `redaction\.reveal` to true"):
        admit(start, CATALOG, OPEN)
    willing = {"redaction": {"reveal": True}}
    with pytest.raises(Refused, match=r"risk class S3.*leave out what makes it so: rows without redaction"):
        admit(start, CATALOG, parse_policy(willing))
    admit(start, CATALOG, parse_policy({**willing, "risk": ["S2", "S3"]}))


def test_only_plaintext_is_encrypted_and_never_without_a_key() -> None:
    start = envelope("host")
    open_policy = parse_policy({"redaction": {"reveal": True}, "risk": ["S2", "S3"]})
    assert not admit(start, CATALOG, open_policy).encrypt
    start.reveal = True
    assert admit(start, CATALOG, open_policy).encrypt
    start.payload_key = b"short"
    with pytest.raises(Refused, match="stored encrypted, and the start names no key"):
        admit(start, CATALOG, open_policy)
