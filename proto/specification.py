"""What people sign before a sensitive session starts: a text that holds everything the envelope will say.

Canonical JSON in printable ASCII, so that the same bytes can be read by a person in a terminal, signed with
`ssh-keygen -Y sign`, and compared by every host with the envelope that it gets.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any, TypeGuard

from proto.shortform import enum_short, set_fields
from proto.v1.agent_pb2 import Envelope
from proto.v1.tool_pb2 import Risk

NAMESPACE = "fleetscope-consent-v1"
# Of the envelope, what no person decides: when its minute begins and ends, what the server notes, the consent itself.
OUTSIDE = frozenset({"issued_wall_ns", "not_after_wall_ns", "approvals", "consent", "audit_size", "audit_root"})
TIME_END = 2**40


class SpecificationError(ValueError):
    """The bytes are no specification. One line."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What people sign beside the envelope. Seconds since 1970; ``break_glass``: nobody else is asked before."""

    requested: int
    expires: int
    break_glass: bool = False


def specification(envelope: Envelope, terms: Terms) -> bytes:
    """The bytes to sign."""
    return canonical(
        {
            "what": NAMESPACE,
            "session": _id(envelope.session_id),
            "tool": envelope.tool,
            "tool_digest": envelope.tool_digest.hex(),
            "params": dict(envelope.params),
            "filters": set_fields(envelope.filters),
            "limits": set_fields(envelope.limits),
            "runs": [{"host": run.host_name, "host_id": run.host_id, "run": _id(run.run_id)} for run in envelope.runs],
            "user": envelope.user,
            "reason": envelope.reason,
            "reveal": envelope.reveal,
            "payload_key": envelope.payload_key.hex(),
            "team": envelope.team,
            "risk": enum_short(Risk.DESCRIPTOR, envelope.risk),
            "requested": terms.requested,
            "expires": terms.expires,
            "break_glass": terms.break_glass,
        }
    )


def read_terms(payload: bytes) -> Terms:
    """Raises SpecificationError, also when the bytes could be read in two ways."""
    document = read(payload)
    requested, expires, break_glass = (document.get(name) for name in ("requested", "expires", "break_glass"))
    if not is_time(requested) or not is_time(expires) or type(break_glass) is not bool:
        raise SpecificationError("the specification does not say when it was asked for and until when it holds")
    return Terms(requested, expires, break_glass)


def read(payload: bytes, what: str = NAMESPACE) -> dict[str, Any]:
    """``what``: the text says it is that, so one signed for one purpose is of no use for another. Raises
    SpecificationError, also when the bytes could be read in two ways."""
    try:
        document = json.loads(payload.decode("ascii"))
        sound = isinstance(document, dict) and document.get("what") == what and canonical(document) == payload
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair can be written down, and is no text
    except (ValueError, RecursionError):
        sound = False
    if not sound:
        raise SpecificationError(f"the bytes are no specification of {what}")
    return dict(document)


def is_time(value: object) -> TypeGuard[int]:
    """Seconds since 1970 that can be reckoned with and shown: JSON knows whole numbers of any length."""
    return type(value) is int and 0 <= value < TIME_END


def differences(signed: bytes, sent: bytes) -> list[str]:
    """The fields in which two specifications differ. Raises SpecificationError."""
    one, other = read(signed), read(sent)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def challenge(payload: bytes) -> bytes:
    """What a passkey is asked to sign."""
    return hashlib.sha256(NAMESPACE.encode() + b"\0" + payload).digest()


def canonical(document: dict[str, Any]) -> bytes:
    """JSON that has one form for each document."""
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()


def _id(value: bytes) -> str:
    return str(uuid.UUID(bytes=value)) if len(value) == 16 else value.hex()
