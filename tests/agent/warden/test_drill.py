"""Somebody holds the server with all its keys and its database: what can they make a host do?

Every try is signed with the server's real key, stands in the server's audit and goes through the door that every start
passes. None may be accepted, and each must stand in the host's own record.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.warden.envelope import Refused
from proto.specification import Terms
from proto.v1.agent_pb2 import Envelope, Filters, Refusal, RunLimits, SignedEnvelope
from proto.v1.tool_pb2 import RISK_S2
from tests.agent.support.commands import envelope, sign
from tests.agent.support.consent import ADA, BOB, CARL, GLASS, POLICY, agreed
from tests.agent.support.door import Door
from tests.signers import PasskeySigner, SshSigner

LISTED = "/opt/app"  # by the owner, for its numbers
NOBODY = "00000000-0000-0000-0000-000000000000"


def held(since: int, until: int, *, break_glass: bool = False) -> Terms:
    """Seconds from now."""
    now = int(time.time())
    return Terms(now + since, now + until, break_glass=break_glass)


def plain(door: Door, **changes: object) -> Envelope:
    return envelope(door.identity.host_id, **changes)  # type: ignore[arg-type]


def signed(door: Door, *signers: SshSigner | PasskeySigner, terms: Terms | None = None) -> Envelope:
    return agreed(door.identity.host_id, *signers, terms=terms)


def changed(start: Envelope, **fields: object) -> Envelope:
    for name, value in fields.items():
        setattr(start, name, value)
    return start


def merged(start: Envelope, **fields: object) -> Envelope:
    """With fields that are messages or lists."""
    start.MergeFrom(Envelope(**fields))  # type: ignore[arg-type]
    return start


def reused(door: Door) -> Envelope:
    start = plain(door, tool="sslsniff")
    start.consent.CopyFrom(signed(door, ADA, BOB).consent)
    return start


def untouched_passkey(door: Door) -> Envelope:
    start = signed(door, ADA)
    start.consent.signatures.append(BOB.sign(start.consent.specification, flags=1))
    return start


def half_a_character(door: Door) -> Envelope:
    start = signed(door, ADA)
    start.consent.signatures.append(BOB.sign(start.consent.specification, origin="\ud800"))
    return start


def as_another_message(door: Door) -> SignedEnvelope:
    payload = plain(door).SerializeToString()
    return SignedEnvelope(payload=payload, signature=door.authority.command.sign(b"fleetscope-ask-v1\0" + payload))


def unsigned(door: Door) -> SignedEnvelope:
    return SignedEnvelope(payload=plain(door).SerializeToString())


def signed_without_its_kind(door: Door) -> SignedEnvelope:
    """As nothing of ours was ever signed: what kind of message it is, is not part of it."""
    payload = plain(door).SerializeToString()
    return SignedEnvelope(payload=payload, signature=door.authority.command.sign(payload))


TRIES: dict[str, Callable[[Door], Envelope | SignedEnvelope]] = {
    "a tool that the host does not have": lambda door: changed(plain(door), tool="shell"),
    "a path instead of a tool": lambda door: changed(plain(door), tool="../../../tmp/tool"),
    "its own tool under a known name": lambda door: changed(plain(door), tool_digest=b"\1" * 32),
    "a parameter that no tool has": lambda door: plain(door, params={"ebpf": "int x;"}),
    "program text in a parameter": lambda door: plain(door, params={"access": 'read"; system("id"); //'}),
    "words of a shell in a parameter": lambda door: plain(door, params={"failed_only": "$(touch /tmp/x)"}),
    "a header to be included": lambda door: plain(door, params={"header": "/tmp/x.h"}),
    "a library of its own": lambda door: plain(door, tool="sslsniff", params={"extra_lib": "openssl:/tmp/x.so"}),
    "a command to be run": lambda door: plain(door, params={"command": "/tmp/x"}),
    "a filter that is no program's name": lambda door: plain(door, filters=Filters(comm="x" * 16)),
    "more time than the tool has": lambda door: plain(door, limits=RunLimits(duration_ms=10**13)),
    "a start that stays valid": lambda door: plain(door, life_ns=10**15),
    "a start of yesterday": lambda door: plain(door, life_ns=-86_400 * 10**9),
    "a start of another host": lambda door: envelope(NOBODY),
    "another kind of message": as_another_message,
    "no signature": unsigned,
    "a signature that fits every kind": signed_without_its_kind,
    "a key of the thief's": lambda door: sign(plain(door), Ed25519PrivateKey.generate()),
    "plaintext that nobody signed": lambda door: plain(door, tool="sslsniff"),
    "plaintext by parameters": lambda door: plain(
        door, tool="uprobe", params={"function": "c:getenv", "args": "name:str"}
    ),
    "typed keys as numbers": lambda door: plain(
        door, tool="uprobe", params={"function": "/usr/bin/bash:rl_insert", "args": "_,key:s32"}
    ),
    "typed keys as what is returned": lambda door: plain(
        door, tool="uprobe", params={"function": "/usr/bin/bash:rl_read_key", "ret": "s32"}
    ),
    "typed keys by another way to the file": lambda door: plain(
        door, tool="uprobe", params={"function": f"{LISTED}/../../usr/bin/bash:rl_insert", "args": "_,key:s32"}
    ),
    "typed keys by whatever a process runs": lambda door: plain(
        door, tool="uprobe", params={"function": "*:rl_insert", "args": "_,key:s32"}, filters=Filters(pid=1)
    ),
    "typed keys stated as less than plaintext": lambda door: changed(
        plain(door, tool="uprobe", params={"function": "/usr/bin/bash:rl_insert", "args": "_,key:s32"}), risk=RISK_S2
    ),
    "numbers of a built-in probe": lambda door: plain(
        door, tool="usdt", params={"probe": "/usr/bin/python3.11:python:line"}
    ),
    "plaintext as a class that nobody knows": lambda door: changed(plain(door, tool="sslsniff"), risk=5),
    "plaintext as a class below all": lambda door: changed(plain(door, tool="sslsniff"), risk=-1),
    "rows without redaction": lambda door: changed(plain(door), reveal=True),
    "names of approvers, no signatures": lambda door: merged(plain(door, tool="sslsniff"), approvals=["bob"]),
    "keys of its own": lambda door: signed(door, SshSigner(), PasskeySigner()),
    "one signature": lambda door: signed(door, ADA),
    "one person twice": lambda door: signed(door, ADA, ADA),
    "the approver alone": lambda door: signed(door, BOB),
    "somebody who may not approve": lambda door: signed(door, ADA, CARL),
    "another reason than was signed": lambda door: changed(signed(door, ADA, BOB), reason="maintenance"),
    "another person than asked": lambda door: changed(signed(door, ADA, BOB), user="bob"),
    "longer than was signed": lambda door: merged(signed(door, ADA, BOB), limits=RunLimits(duration_ms=60_000)),
    "another process than was signed": lambda door: merged(signed(door, ADA, BOB), filters=Filters(pid=1)),
    "unredacted, signed as redacted": lambda door: changed(signed(door, ADA, BOB), reveal=True),
    "rows for another key than was signed": lambda door: changed(signed(door, ADA, BOB), payload_key=os.urandom(32)),
    "signatures of another session": reused,
    "an agreement that has expired": lambda door: signed(door, ADA, BOB, terms=held(-7200, -60)),
    "an agreement for years": lambda door: signed(door, ADA, BOB, terms=held(0, 10**8)),
    "an agreement that outlives every number": lambda door: signed(door, ADA, BOB, terms=held(0, 10**400)),
    "an agreement from before all time": lambda door: signed(door, ADA, BOB, terms=held(-(10**400), 0)),
    "ordinary signatures as break-glass": lambda door: signed(door, ADA, BOB, terms=held(0, 600, break_glass=True)),
    "a break-glass key as an ordinary one": lambda door: signed(door, GLASS, BOB),
    "a passkey that did not verify its owner": untouched_passkey,
    "a passkey of a site that cannot be written down": half_a_character,
}


@pytest.fixture
def door(tmp_path: Path) -> Door:
    made = Door(tmp_path)
    made.policy(f'{POLICY}\n[numbers]\nallow = ["{LISTED}/*:*"]\n')
    return made


@pytest.mark.parametrize("name", TRIES)
def test_no_try_starts_anything_and_each_is_on_the_hosts_own_record(door: Door, name: str) -> None:
    start = TRIES[name](door)
    with pytest.raises(Refused) as refused:
        door.gate.accept(door.recorded(start) if isinstance(start, SignedEnvelope) else door.sealed(start), 0)
    assert "server's audit" not in str(refused.value), "it stands there; what is wrong is the start itself"
    (entry,) = door.entries()
    assert (entry["event"], entry["refused"]) == ("refusal", str(refused.value))
    assert Refusal(reason=str(refused.value)).reason, "the server cannot be told"


def test_numbers_of_what_the_owner_has_listed_start_without_signatures(door: Door) -> None:
    """The positive control of the tries for numbers."""
    asked = {"function": f"{LISTED}/server:handle", "args": "n:s32", "ret": "s32"}
    assert door.gate.accept(door.sealed(plain(door, tool="uprobe", params=asked)), 0).agreed is None


def test_what_was_agreed_to_starts_once_and_cannot_be_sent_again(door: Door) -> None:
    """The positive control: the same door, policy and keys accept what people did sign."""
    start = door.sealed(signed(door, ADA, BOB))
    door.gate.accept(start, 0)
    with pytest.raises(Refused, match="only once"):
        door.gate.accept(start, 0)
    again = Envelope.FromString(start.payload)
    again.runs[1].run_id = b"x" * 16
    with pytest.raises(Refused, match="runs differ"):
        door.gate.accept(door.sealed(again), 0)
    assert [entry["event"] for entry in door.entries()] == ["start", "refusal", "refusal"]
