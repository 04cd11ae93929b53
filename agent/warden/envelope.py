"""Opens what the server signed: signature first, then time and addressee. What a server says counts only after this."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import DecodeError

from agent.clock import SECOND
from proto.v1.agent_pb2 import Envelope, SignedAsk, SignedEnvelope, SignedOpening

CONTEXT = b"fleetscope-envelope-v1\0"
ID_SIZE = 16
LIFE_MAX = 300 * SECOND


class Refused(ValueError):
    """A start that this host does not make. The text is the one-line reason for people."""


@dataclass(frozen=True, slots=True)
class Command:
    """A verified start for this host."""

    run_id: bytes
    envelope: Envelope


def open_envelope(signed: SignedEnvelope, command_key: bytes, host_id: str, wall_ns: int) -> Command:
    """Raises Refused."""
    if not is_signed(signed, command_key, CONTEXT):
        raise Refused("the envelope is not signed by the server that this host joined")
    try:
        envelope = Envelope.FromString(signed.payload)
    except DecodeError:
        raise Refused("the envelope cannot be decoded: server and agent differ in version") from None
    check_time("start", envelope.not_after_wall_ns, wall_ns)
    return Command(_own_run(envelope, host_id), envelope)


def claimed_run(signed: SignedEnvelope, host_id: str) -> bytes:
    """The run that an unverified envelope speaks of, to tell its sender of the refusal; empty where it has none."""
    try:
        return _own_run(Envelope.FromString(signed.payload), host_id)
    except (DecodeError, Refused):
        return b""


def is_signed(signed: SignedEnvelope | SignedAsk | SignedOpening, command_key: bytes, context: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(command_key).verify(signed.signature, context + signed.payload)
    except InvalidSignature:
        return False
    return True


def check_time(what: str, not_after_wall_ns: int, wall_ns: int) -> None:
    """Raises Refused when it is over or has too long to go."""
    late = wall_ns - not_after_wall_ns
    if late > 0:
        raise Refused(
            f"the {what} arrived {late / SECOND:.0f} s after its end of validity by this host's clock; "
            f"{what} again, and if that repeats compare the clocks of host and server"
        )
    if -late > LIFE_MAX:
        raise Refused(
            f"the {what} is valid for another {-late / SECOND:.0f} s by this host's clock, more than "
            f"{LIFE_MAX // SECOND} s; compare the clocks of host and server"
        )


def _own_run(envelope: Envelope, host_id: str) -> bytes:
    for target in envelope.runs:
        if target.host_id == host_id and len(target.run_id) == ID_SIZE:
            return bytes(target.run_id)
    raise Refused("the envelope names other hosts, not this one")
