from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.warden.envelope import Refused
from proto.specification import Terms
from proto.v1.agent_pb2 import Envelope
from tests.agent.support.consent import ADA, BOB, CARL, GLASS, POLICY, agreed
from tests.agent.support.door import Door
from tests.signers import SshSigner


@pytest.fixture
def door(tmp_path: Path) -> Door:
    made = Door(tmp_path)
    made.policy(POLICY)
    return made


def refusal(door: Door, start: Envelope) -> str:
    with pytest.raises(Refused) as refused:
        door.gate.accept(door.sealed(start), 0)
    assert door.entries()[-1]["refused"] == str(refused.value), "every refusal is in the host's own record"
    return str(refused.value)


def test_what_two_people_signed_starts_and_the_record_names_them(door: Door) -> None:
    start = agreed(door.identity.host_id, ADA, BOB)
    accepted = door.gate.accept(door.sealed(start), 0)
    assert accepted.agreed is not None
    assert accepted.agreed.approvers == ["bob"]
    (entry,) = door.entries()
    signers = entry["consent"]["signers"]  # type: ignore[index]
    assert [(name, part) for name, part, _ in signers] == [("ada", "requester"), ("bob", "approver")]
    assert "once" in refusal(door, start)


def test_nothing_below_plaintext_needs_a_signature(door: Door) -> None:
    assert door.gate.accept(door.signed(), 0).agreed is None


def test_plaintext_by_parameters_needs_signatures_too(door: Door) -> None:
    asked = {"function": "c:getenv", "args": "name:str"}
    start = agreed(door.identity.host_id, ADA, BOB, tool="uprobe", params=asked)
    assert door.gate.accept(door.sealed(start), 0).agreed is not None
    bare = agreed(door.identity.host_id, tool="uprobe", params=asked)
    bare.ClearField("consent")
    assert "would show plaintext (S3)" in refusal(door, bare)


@pytest.mark.parametrize(
    ("signers", "why"),
    [
        ((), "ada, who asks, has not signed"),
        ((BOB,), "ada, who asks, has not signed"),
        ((ADA,), "1 person besides ada must have signed"),
        ((ADA, ADA), "1 person besides ada must have signed"),
        ((ADA, CARL), "1 person besides ada must have signed"),
        ((ADA, SshSigner()), "signature 2 does not count on this host: the key SHA256"),
        ((GLASS, BOB), "does not let ada ask for plaintext with that key"),
        ((ADA, BOB) * 9, "18 signatures are more than the 16"),
    ],
)
def test_signatures_that_are_missing_or_somebody_elses_start_nothing(
    door: Door, signers: tuple[SshSigner, ...], why: str
) -> None:
    assert why in refusal(door, agreed(door.identity.host_id, *signers))


def _another_host(start: Envelope) -> None:
    start.runs.add(run_id=b"x" * 16, host_id="other", host_name="other")


CHANGES: list[tuple[str, Callable[[Envelope], object]]] = [
    ("params", lambda start: start.params.update(handshakes="true")),
    ("filters", lambda start: setattr(start.filters, "pid", 1)),
    ("filters", lambda start: start.filters.exclude.comm.append("x")),
    ("limits", lambda start: setattr(start.limits, "duration_ms", 86_400)),
    ("user", lambda start: setattr(start, "user", "Ada")),
    ("reason", lambda start: setattr(start, "reason", "another")),
    ("session", lambda start: setattr(start, "session_id", b"x" * 16)),
    ("runs", _another_host),
    ("runs", lambda start: start.runs.__delitem__(0)),
    ("runs", lambda start: setattr(start.runs[1], "run_id", b"x" * 16)),
]


@pytest.mark.parametrize(("field", "change"), CHANGES)
def test_any_change_after_signing_is_refused_by_its_name(
    door: Door, field: str, change: Callable[[Envelope], object]
) -> None:
    start = agreed(door.identity.host_id, ADA, BOB)
    change(start)
    assert f"{field} differ" in refusal(door, start)


@pytest.mark.parametrize(
    ("requested", "expires", "why"),
    [
        (-7200, -1000, "the approval expired 1"),
        (0, 25 * 3600, "this host's policy allows 24"),
        (4000, 5000, "from the future"),
    ],
)
def test_time_counts_by_the_hosts_clock(door: Door, requested: int, expires: int, why: str) -> None:
    now = int(time.time())
    terms = Terms(now + requested, now + expires)
    assert why in refusal(door, agreed(door.identity.host_id, ADA, BOB, terms=terms))


def test_bytes_that_are_no_specification_are_refused(door: Door) -> None:
    start = agreed(door.identity.host_id, ADA, BOB)
    start.consent.specification += b" "
    assert "cannot be read" in refusal(door, start)


def test_who_may_not_ask_here_does_not_ask_with_their_key(door: Door) -> None:
    door.policy(POLICY.replace("break_glass =", "request = false\nbreak_glass ="))
    assert "does not let ada ask" in refusal(door, agreed(door.identity.host_id, ADA, BOB))


def test_the_owner_may_ask_nobody_and_the_record_says_so(door: Door) -> None:
    door.policy('risk = ["S3"]\n[approvals]\nneeded = 0\n')
    accepted = door.gate.accept(door.signed(tool="sslsniff"), 0)
    assert accepted.agreed is not None
    assert accepted.agreed.waived
    assert door.entries()[0]["consent"]["waived"] is True  # type: ignore[index]


def test_a_break_glass_key_starts_alone_and_only_what_was_signed_as_that(door: Door) -> None:
    now = int(time.time())
    broken = Terms(now, now + 600, break_glass=True)
    accepted = door.gate.accept(door.sealed(agreed(door.identity.host_id, GLASS, terms=broken)), 0)
    assert accepted.agreed is not None
    assert accepted.agreed.break_glass
    assert "1 person besides" in refusal(door, agreed(door.identity.host_id, GLASS, ADA))
    for signers in ((ADA,), (ADA, BOB)):
        said = refusal(door, agreed(door.identity.host_id, *signers, terms=broken))
        assert "no break_glass key of ada" in said
