"""What a person signs to read rows of risk class S3 after their session: a text like that of `proto/specification.py`.

The server's own key for such rows lives only a little longer than the session. The hosts that encrypted them keep the
rows' keys, and give them out, wrapped to the key that stands in the text, to whoever their owners let ask.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proto.specification import SpecificationError, canonical, is_time, read

WHAT = "fleetscope-opening-v1"
LIFE_MAX = 600  # seconds from asking to the last use of a signature
KEY = 32
_TEXTS = ("opening", "session", "tool", "user", "reason", "key")
_RUN = ("host", "host_id", "run")


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """Whose rows, and which host has their key."""

    host: str
    host_id: str
    run: uuid.UUID


@dataclass(frozen=True, slots=True)
class OpeningText:
    """``key``: X25519 public key, raw. ``requested``, ``expires``: seconds since 1970."""

    opening: uuid.UUID
    session: uuid.UUID
    tool: str
    user: str
    reason: str
    key: bytes
    requested: int
    expires: int
    runs: Sequence[OpenedRun]


def opening_text(opening: OpeningText) -> bytes:
    """The bytes to sign."""
    return canonical(
        {
            "what": WHAT,
            "opening": str(opening.opening),
            "session": str(opening.session),
            "tool": opening.tool,
            "user": opening.user,
            "reason": opening.reason,
            "key": opening.key.hex(),
            "requested": opening.requested,
            "expires": opening.expires,
            "runs": [{"host": run.host, "host_id": run.host_id, "run": str(run.run)} for run in opening.runs],
        }
    )


def read_opening(payload: bytes) -> OpeningText:
    """Raises SpecificationError."""
    document = read(payload, WHAT)
    try:
        opening = _parsed(document)
    except (KeyError, TypeError, ValueError):
        opening = None
    if opening is None or opening_text(opening) != payload:
        raise SpecificationError("what was signed does not say whose rows are to be opened, for whom and until when")
    return opening


def _parsed(document: dict[str, Any]) -> OpeningText:
    texts = {name: document[name] for name in _TEXTS}
    times = {name: document[name] for name in ("requested", "expires")}
    if any(type(text) is not str for text in texts.values()) or not all(map(is_time, times.values())):
        raise TypeError
    key = bytes.fromhex(texts["key"])
    if len(key) != KEY:
        raise ValueError
    return OpeningText(
        opening=uuid.UUID(texts["opening"]),
        session=uuid.UUID(texts["session"]),
        tool=texts["tool"],
        user=texts["user"],
        reason=texts["reason"],
        key=key,
        runs=tuple(_run(run) for run in document["runs"]),
        **times,
    )


def _run(document: dict[str, Any]) -> OpenedRun:
    host, host_id, run = (document[name] for name in _RUN)
    if type(host) is not str or type(host_id) is not str:
        raise TypeError
    return OpenedRun(host, host_id, uuid.UUID(run))
