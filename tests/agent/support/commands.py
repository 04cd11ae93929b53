"""Signed starts, as a server sends them."""

from __future__ import annotations

import time
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.warden.envelope import CONTEXT
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import Envelope, Filters, RunLimits, RunTarget, SignedEnvelope

MINUTE = 60_000_000_000
PAYLOAD_KEY = X25519PrivateKey.generate()


def envelope(
    host_id: str,
    tool: str = "opensnoop",
    *,
    filters: Filters | None = None,
    params: dict[str, str] | None = None,
    limits: RunLimits | None = None,
    life_ns: int = MINUTE,
    run_id: bytes = b"",
) -> Envelope:
    """A start of one run on one host."""
    now = time.time_ns()
    return Envelope(
        session_id=uuid.uuid4().bytes,
        runs=[
            RunTarget(run_id=uuid.uuid4().bytes, host_id=str(uuid.uuid4()), host_name="another"),
            RunTarget(run_id=run_id or uuid.uuid4().bytes, host_id=host_id, host_name="testhost"),
        ],
        tool=tool,
        tool_digest=load_tool(ROOT / tool).digest,
        params=params or {},
        filters=filters,
        limits=limits,
        user="ada",
        reason="looking for a slow disk",
        issued_wall_ns=now,
        not_after_wall_ns=now + life_ns,
        payload_key=PAYLOAD_KEY.public_key().public_bytes_raw(),
    )


def sign(start: Envelope, key: Ed25519PrivateKey) -> SignedEnvelope:
    payload = start.SerializeToString()
    return SignedEnvelope(payload=payload, signature=key.sign(CONTEXT + payload))


def run_id_of(start: Envelope) -> bytes:
    """Of this host's run."""
    return bytes(start.runs[1].run_id)
