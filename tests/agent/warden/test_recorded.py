"""A start that no audit holds, or another one, or one that nobody can see, is none."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.warden.envelope import Refused
from agent.warden.witness import Anchoring, ask_to_re_anchor
from proto.v1.agent_pb2 import SignedEnvelope, StartRecord
from tests.agent.support.commands import envelope, sign
from tests.agent.support.door import Door
from tests.agent.support.heads import StartLog, moment


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def alone(door: Door) -> SignedEnvelope:
    return sign(envelope(door.identity.host_id), door.authority.command)


def heard(door: Door, time: str = "") -> None:
    """The newest head."""
    held = door.witness.held().size
    door.witness.offered(door.log.head(door.log.size, held, time or moment()))


def with_record(door: Door, signed: SignedEnvelope, *, head_time: str = "", **changes: Any) -> SignedEnvelope:
    """Its entry has these fields; the host knows the head."""
    door.log.add(signed, **changes)
    heard(door, head_time)
    signed.record.CopyFrom(door.log.record(door.log.size - 1, head_time))
    return signed


def refusal(door: Door, signed: SignedEnvelope) -> str:
    """One line, on this host's own record too."""
    with pytest.raises(Refused) as caught:
        door.gate.accept(signed, 0)
    last = door.entries()[-1]
    assert (last["event"], last["refused"]) == ("refusal", str(caught.value))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_start_without_its_entry_is_refused(door: Door) -> None:
    assert "without its entry in the server's audit" in refusal(door, alone(door))


def test_an_accepted_start_names_its_entry_and_the_head_that_holds_it(door: Door) -> None:
    door.gate.accept(door.signed(), 0)
    assert door.entries()[-1]["recorded"] == {"entry": 10, "head": 10}


def test_starts_share_a_head_and_wait_while_the_log_goes_on(door: Door) -> None:
    first, second = alone(door), alone(door)
    places = [door.log.size, door.log.size + 1]
    for signed in (first, second):
        door.log.add(signed)
    heard(door)
    for signed, place in zip((first, second), places, strict=True):
        signed.record.CopyFrom(door.log.record(place))
    door.gate.accept(first, 0)
    door.log.add(alone(door))
    heard(door)
    door.gate.accept(second, 0)
    assert [entry["recorded"] for entry in door.entries()] == [{"entry": 10, "head": 11}, {"entry": 11, "head": 11}]


OTHERS: dict[str, Callable[[SignedEnvelope], dict[str, Any]]] = {
    "action": lambda _: {"action": "session.view"},
    "person": lambda _: {"actor": "bob"},
    "session": lambda _: {"session": str(uuid.uuid4())},
    "order": lambda _: {"detail": {"envelope": "0" * 64, "targets": []}},
    "host and run": lambda _: {"detail": {"envelope": "0" * 64, "targets": "web-1"}},
    "action differ": lambda _: {"outcome": "denied"},
}


@pytest.mark.parametrize("what", OTHERS)
def test_the_entry_of_something_else_is_refused_and_named(door: Door, what: str) -> None:
    signed = alone(door)
    reason = refusal(door, with_record(door, signed, **OTHERS[what](signed)))
    assert reason.startswith("entry 10 of the server's audit is not that of this start") and what in reason


def test_one_entry_is_good_for_one_order(door: Door) -> None:
    recorded, other = door.signed(), alone(door)
    other.record.CopyFrom(recorded.record)
    assert "session, order, host and run differ" in refusal(door, other)


def test_an_entry_that_the_head_does_not_hold_is_refused(door: Door) -> None:
    signed = door.signed()
    good = signed.record
    for record in (
        StartRecord(entry=good.entry + b" ", index=good.index, proof=good.proof, note=good.note),
        StartRecord(entry=good.entry, index=good.index - 1, proof=good.proof, note=good.note),
        StartRecord(entry=good.entry, index=2**63, proof=good.proof, note=good.note),
        StartRecord(entry=good.entry, index=good.index, proof=[bytes(32), *good.proof], note=good.note),
        StartRecord(entry=good.entry, index=good.index, note=good.note),
    ):
        told = SignedEnvelope(payload=signed.payload, signature=signed.signature, record=record)
        assert "is not proven by the head of 10 entries" in refusal(door, told)
    door.gate.accept(signed, 0)


def test_a_head_that_this_host_never_witnessed_proves_nothing(door: Door) -> None:
    signed = door.signed()
    fork = StartLog(key=door.log.key)
    fork.add(signed)
    fork.add(signed)
    signed.record.CopyFrom(fork.record(9))
    assert "has not witnessed the head of 11 entries" in refusal(door, signed)
    stranger = StartLog()
    stranger.add(signed)
    signed.record.CopyFrom(stranger.record(9))
    assert "of another log" in refusal(door, signed)
    signed.record.note = "nothing"
    assert "no signed checkpoint" in refusal(door, signed)


@pytest.mark.parametrize(("ago", "why"), [(301, "s old"), (-310, "s ahead")])
def test_what_is_old_or_of_another_clock_is_refused_with_the_difference(door: Door, ago: float, why: str) -> None:
    assert f"{why} by this host's clock" in (reason := refusal(door, with_record(door, alone(door), time=moment(ago))))
    assert reason.startswith("the audit entry is 3") and "compare the clocks" in reason
    reason = refusal(door, with_record(door, alone(door), head_time=moment(ago)))
    assert reason.startswith("the audit's signed head is 3") and why in reason


@pytest.mark.parametrize("entry", [b'{"id":10,"id":10}', b"[]", b"[" * 100_000, b"\xff", b'{"id":9}', b'{"id":true}'])
def test_an_entry_that_cannot_be_read_or_in_two_ways_is_refused(door: Door, entry: bytes) -> None:
    signed = alone(door)
    door.log.starts.append(entry)
    heard(door)
    signed.record.CopyFrom(door.log.record(9))
    assert "cannot be read" in refusal(door, signed)


def test_after_a_re_anchoring_only_the_new_log_proves_a_start(door: Door) -> None:
    before = door.signed()
    ask_to_re_anchor(door.paths, Anchoring("root", "backup of Monday"))
    door.witness.refresh()
    assert "holds no head" in refusal(door, before)
    door.log = StartLog(size=3, key=door.log.key)
    restored = door.signed()
    assert "has not witnessed" in refusal(door, before)
    door.gate.accept(restored, 0)
