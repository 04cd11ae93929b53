"""No start off the record: its entry stands in the server's audit, under a head that this host holds or held before.

Who has stolen the server can still write such an entry. It is then in a log that no witness of it lets anybody take it
out of, and that is all that is checked here.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from agent.clock import SECOND
from agent.warden.envelope import Command, Refused
from agent.warden.witness import Witness
from proto import merkle
from proto.checkpoint import Checkpoint, CheckpointError
from proto.v1.agent_pb2 import SignedEnvelope, StartRecord

# By this host's clock, to either side: of what the entry and the head say. As long as an order may be valid.
FRESH = 300 * SECOND


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where the start stands in the server's audit."""

    entry: int
    head: int


def check_record(command: Command, signed: SignedEnvelope, witness: Witness, wall_ns: int) -> Recorded:
    """Raises Refused."""
    if not signed.HasField("record"):
        raise Refused(
            "the start comes without its entry in the server's audit, so it may be off the record; if the server is "
            "older than this agent, upgrade the server and start again, else somebody else speaks in its name"
        )
    record = signed.record
    head = _head(record, witness)
    if not merkle.includes(merkle.leaf_hash(record.entry), record.index, head.size, record.proof, head.root):
        raise Refused(
            f"the start's entry in the server's audit is not proven by the head of {head.size} entries: check the "
            "audit on the server with `python -m server audit verify`, then start again"
        )
    entry = _entry(record)
    if wrong := _differences(entry, command, hashlib.sha256(signed.payload).hexdigest()):
        raise Refused(
            f"entry {record.index + 1} of the server's audit is not that of this start: {', '.join(wrong)} "
            "differ; start again, and if that repeats look the entry up in the audit"
        )
    for what, time in (("audit entry", str(entry.get("time"))), ("audit's signed head", head.time)):
        _check_fresh(what, time, wall_ns)
    return Recorded(record.index + 1, head.size)


def _head(record: StartRecord, witness: Witness) -> Checkpoint:
    try:
        return witness.agreed(record.note)
    except CheckpointError as error:
        raise Refused(
            f"the start's entry in the server's audit cannot be checked: {error}; start again, and if that repeats "
            "see `fleetscope-agent status` on this host"
        ) from error


def _entry(record: StartRecord) -> dict[str, Any]:
    """What can be read in two ways is no entry."""
    try:
        entry = json.loads(record.entry, object_pairs_hook=_once)
        if isinstance(entry, dict) and entry.get("id") == record.index + 1:
            return entry
    except (ValueError, RecursionError):
        pass
    raise Refused("the start's entry in the server's audit cannot be read: server and agent differ in version")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice")
    return found


def _differences(entry: dict[str, Any], command: Command, digest: str) -> list[str]:
    detail = entry.get("detail")
    facts = detail if isinstance(detail, dict) else {}
    session, run = (_id(value) for value in (command.envelope.session_id, command.run_id))
    own = next((target for target in command.envelope.runs if target.run_id == command.run_id), None)
    target = {"run": run, "host_id": own.host_id, "host": own.host_name} if own else {}
    targets = facts.get("targets")
    same = {
        "action": (entry.get("action"), entry.get("outcome")) == ("session.start", "done"),
        "person": entry.get("actor") == command.envelope.user,
        "session": entry.get("session") == session,
        "order": facts.get("envelope") == digest,
        "host and run": isinstance(targets, list) and target in targets,
    }
    return [name for name, agrees in same.items() if not agrees]


def _check_fresh(what: str, time: str, wall_ns: int) -> None:
    try:
        moment = datetime.datetime.fromisoformat(time).timestamp() * SECOND
    except (ValueError, OverflowError):
        raise Refused(f"the {what} says no time: server and agent differ in version") from None
    if abs(age := wall_ns - moment) > FRESH:
        where = "old" if age > 0 else "ahead"
        raise Refused(
            f"the {what} is {abs(age) / SECOND:.0f} s {where} by this host's clock, more than {FRESH // SECOND} s; "
            "start again, and if that repeats compare the clocks of host and server"
        )


def _id(value: bytes) -> str:
    return str(uuid.UUID(bytes=value)) if len(value) == 16 else ""
