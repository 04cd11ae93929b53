from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.warden.policy import NAMES_RISK, HostLimits, Policy, PolicyError, load_policy, parse_policy
from proto.v1.tool_pb2 import NameKind, Risk

EXAMPLE = Path(__file__).parents[3] / "packaging/policy.toml"


def test_the_example_file_says_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(EXAMPLE.read_bytes())
    policy = load_policy(path)
    assert policy.digest
    assert policy == Policy(digest=policy.digest)


def test_by_default_aggregates_ids_and_names_run_and_plaintext_does_not() -> None:
    policy = parse_policy({})
    assert [bool(policy.forbids("tool", risk)) for risk in (Risk.RISK_S0, Risk.RISK_S1, Risk.RISK_S2)] == [False] * 3
    assert "risk class S3" in policy.forbids("sslsniff", Risk.RISK_S3)
    assert "unknown" in policy.forbids("strange", Risk.RISK_UNSPECIFIED)


def test_names_are_allowed_and_denied() -> None:
    policy = parse_policy({"tools": {"allow": ["opensnoop", "profile"], "deny": ["profile"]}})
    assert policy.forbids("opensnoop", Risk.RISK_S2) == ""
    assert "denies profile" in policy.forbids("profile", Risk.RISK_S1)
    assert "does not allow execsnoop" in policy.forbids("execsnoop", Risk.RISK_S2)


def test_names_are_told_by_risk_class_and_by_kind() -> None:
    policy = parse_policy({"names": {"deny": ["pty"]}, "risk": ["S0", "S1"]})
    assert policy.forbids_names(NameKind.NAME_KIND_PROCESS) == ""
    assert "`names.deny`" in policy.forbids_names(NameKind.NAME_KIND_PTY)
    assert "risk class S2" in policy.forbids_names(NameKind.NAME_KIND_LIBRARY)
    nothing = parse_policy({"names": {"deny": ["*"]}})
    assert all(nothing.forbids_names(kind) for kind in NameKind.values())
    assert set(NAMES_RISK) == set(NameKind.values()) - {NameKind.NAME_KIND_UNSPECIFIED}


def test_numbers_of_no_call_are_anybodys_until_the_owner_lists_it() -> None:
    assert parse_policy({}).numbers == ()
    assert parse_policy({"numbers": {"allow": ["/opt/app:handle_*"]}}).numbers == ("/opt/app:handle_*",)


def test_limits_are_read_in_the_units_of_the_file() -> None:
    limits = parse_policy({"limits": {"duration_seconds": 60, "budget_percent": 2.5, "runs": 3, "rows": 7}}).limits
    assert limits == HostLimits(duration_ms=60_000, budget_permille=25, runs=3, rows=7)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (
            {"remotes": "on"},
            "remotes: is not known; the keys are approvals, limits, names, never_trace, numbers, people, redaction, "
            "remote, risk, tools",
        ),
        ({"remote": True}, "remote: must be"),
        ({"risk": ["S4"]}, "risk: 'S4' is no risk class"),
        ({"risk": "S1"}, "risk: must be a list"),
        ({"tools": {"allowed": []}}, "tools.allowed: is not known"),
        ({"names": {"deny": ["processes"]}}, "names.deny: 'processes' is no kind of name"),
        ({"tools": []}, "tools: must be a table"),
        ({"numbers": {"allow": ["c:read"]}}, "numbers.allow: 'c:read' must be FILE:FUNCTION"),
        ({"numbers": {"allow": ["/opt/app:f"] * 101}}, "numbers.allow: at most 100 fit"),
        ({"numbers": {"allow": "/opt/app:f"}}, "numbers.allow: must be a list of names"),
        ({"numbers": {"deny": []}}, "numbers.deny: is not known"),
        ({"tools": {"deny": [1]}}, "tools.deny: must be a list"),
        ({"limits": {"rows": -1}}, "limits.rows: must be a whole number"),
        ({"limits": {"rows": True}}, "limits.rows: must be a whole number"),
        ({"limits": {"runs": 0}}, "limits.runs: must be at least 1"),
        ({"limits": {"budget_percent": 0}}, "limits.budget_percent: must be a number from 0.1 to 100"),
        ({"limits": {"budget_percent": "3"}}, "limits.budget_percent: must be a number"),
        ({"never_trace": {"uids": ["root"]}}, "never_trace.uids: must be a list of user ids"),
        ({"never_trace": {"uids": [True]}}, "never_trace.uids: must be a list of user ids"),
        ({"never_trace": {"uids": [2**32 - 1]}}, "never_trace.uids: must be a list of user ids"),
        ({"never_trace": {"uids": list(range(33))}}, "never_trace.uids: at most 32 users fit"),
        (
            {"never_trace": {"files": ["/usr/bin/gpg"]}},
            "never_trace.files: is not known; the keys are binaries, cgroups, uids",
        ),
    ],
)
def test_what_it_does_not_understand_it_refuses(document: dict[str, object], why: str) -> None:
    with pytest.raises(PolicyError) as error:
        parse_policy(document)
    assert str(error.value).startswith(why)


def test_a_file_that_others_can_change_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("")
    for mode in (0o666, 0o664):
        path.chmod(mode)
        with pytest.raises(PolicyError, match="others may write to it"):
            load_policy(path)
    path.chmod(0o644)
    os.chown(path, 1000, 0)
    with pytest.raises(PolicyError, match="owned by uid 1000, not by root"):
        load_policy(path)


def test_a_missing_file_is_the_default_only_where_it_may_be(tmp_path: Path) -> None:
    assert load_policy(tmp_path / "policy.toml", required=False) == Policy()
    with pytest.raises(PolicyError, match="is missing"):
        load_policy(tmp_path / "policy.toml")


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    for text in ("remote = ", 'remote = "maybe"'):
        path.write_text(text)
        path.chmod(0o644)
        with pytest.raises(PolicyError, match=str(path)):
            load_policy(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PolicyError, match="not a regular file"):
        load_policy(tmp_path / "pipe")
