from __future__ import annotations

from agent.warden.policy import Policy, parse_policy
from agent.warden.verdicts import Verdicts
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import Verdict

CATALOG = {"opensnoop": load_tool(ROOT / "opensnoop")}
DIGEST = CATALOG["opensnoop"].digest
WORKS = Verdict(tool="opensnoop", tool_digest=DIGEST, state=Verdict.STATE_WORKS, variant="tracepoints")


def test_a_tool_is_being_checked_until_preflight_has_spoken() -> None:
    told: list[Verdict] = []
    verdicts = Verdicts(CATALOG, Policy(), told.append)
    assert [verdict.state for verdict in verdicts.all()] == [Verdict.STATE_CHECKING]
    assert verdicts.variant("opensnoop") == ""
    verdicts.add(WORKS)
    verdicts.add(WORKS)
    assert told == [WORKS], "said once"
    assert verdicts.variant("opensnoop") == "tracepoints"


def test_the_policy_is_above_the_kernel_and_can_change() -> None:
    told: list[Verdict] = []
    verdicts = Verdicts(CATALOG, Policy(), told.append)
    verdicts.add(WORKS)
    verdicts.use_policy(parse_policy({"risk": ["S0"]}))
    assert told[-1].state == Verdict.STATE_FORBIDDEN
    assert "risk class S2" in told[-1].reason
    verdicts.use_policy(Policy())
    assert told[-1] == WORKS


def test_a_verdict_on_another_version_of_the_tool_says_nothing() -> None:
    told: list[Verdict] = []
    verdicts = Verdicts(CATALOG, Policy(), told.append)
    verdicts.add(Verdict(tool="opensnoop", tool_digest=b"old", state=Verdict.STATE_WORKS))
    verdicts.add(Verdict(tool="gone", tool_digest=DIGEST, state=Verdict.STATE_WORKS))
    assert told == []
