"""The signed order of a session: the bytes that are signed here travel to every host unchanged."""

from __future__ import annotations

import datetime

from proto.v1.agent_pb2 import Envelope, Filters, RunLimits, RunTarget
from server.signing import sign
from server.tracing.models import Run, Session

CONTEXT = b"fleetscope-envelope-v1\0"
LIFETIME = datetime.timedelta(seconds=60)


def seal(session: Session, runs: list[Run], user: str, filters: Filters, limits: RunLimits) -> None:
    """Fill in the session's envelope and signature."""
    envelope = Envelope(
        session_id=session.id.bytes,
        runs=[RunTarget(run_id=run.id.bytes, host_id=str(run.host.id), host_name=run.host.name) for run in runs],
        tool=session.tool,
        tool_digest=bytes.fromhex(session.tool_digest),
        params=session.params,
        filters=filters,
        limits=limits,
        user=user,
        reason=session.reason,
        risk=f"RISK_S{int(session.risk)}",
        issued_wall_ns=_ns(session.not_after - LIFETIME),
        not_after_wall_ns=_ns(session.not_after),
        reveal=session.reveal,
    )
    session.envelope = envelope.SerializeToString(deterministic=True)
    session.signature = sign(CONTEXT, session.envelope)


def _ns(moment: datetime.datetime) -> int:
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (since // datetime.timedelta(microseconds=1)) * 1000
