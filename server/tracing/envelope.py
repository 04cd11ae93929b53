"""The signed order of a session: the bytes that are signed here travel to every host unchanged."""

from __future__ import annotations

import datetime

from proto.v1.agent_pb2 import Envelope
from server.audit import tree
from server.signing import sign
from server.tracing.models import Session

CONTEXT = b"fleetscope-envelope-v1\0"
LIFETIME = datetime.timedelta(seconds=60)


def seal(session: Session, draft: Envelope) -> None:
    """Give the draft its minute, and fill in the session's envelope and signature. It names the audit as it is before
    the start's own entry."""
    head = tree.head()
    draft.issued_wall_ns = _ns(session.not_after - LIFETIME)
    draft.not_after_wall_ns = _ns(session.not_after)
    draft.audit_size, draft.audit_root = head.size, head.root
    session.envelope = draft.SerializeToString(deterministic=True)
    session.signature = sign(CONTEXT, session.envelope)


def _ns(moment: datetime.datetime) -> int:
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (since // datetime.timedelta(microseconds=1)) * 1000
