"""Where every session begins: recorded, signed and handed to its hosts, all in one transaction."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from proto.shortform import enum_short, set_fields
from proto.v1.agent_pb2 import Envelope, RunLimits
from proto.v1.tool_pb2 import Kind
from server import nudge
from server.accounts import teams
from server.accounts.models import User
from server.accounts.policy import Action
from server.audit.leaf import leaf_bytes
from server.audit.models import AuditEntry
from server.audit.record import become_only_writer, record
from server.catalog.tools import find
from server.errors import Invalid
from server.tracing import envelope, session_keys
from server.tracing.models import Run, Session
from server.tracing.risk import may_hold_plaintext, risk_of

# Bytes. An agent takes messages of 1,047,552 (agent/link/client.py); the proof and the signatures need a few thousand.
ORDER_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Begun:
    """Without anybody there, by a template of this name; ``way``: `webhook` or `schedule`."""

    way: str = ""
    template: str = ""


BY_HAND = Begun()


@transaction.atomic
def launch(user: User, draft: Envelope, facts: dict[str, Any], begun: Begun = BY_HAND) -> Session:
    """``draft``: a checked envelope without its times. ``facts`` also stand in the audit. Raises DatabaseError,
    NotFound when its team is gone, and Invalid when no host could take the order."""
    become_only_writer()  # so that the head in the envelope is the one the start's entry follows
    session = _session(user, draft)
    session.begun_by, session.template = begun.way, begun.template
    add_key(draft)
    envelope.seal(session, draft)
    session.save(force_insert=True)
    hosts = {target.host_name: uuid.UUID(target.host_id) for target in draft.runs}
    Run.objects.bulk_create(
        Run(id=uuid.UUID(bytes=target.run_id), session=session, host_id=hosts[target.host_name])
        for target in draft.runs
    )
    rare = {Action.SESSION_REVEAL: session.reveal, Action.SESSION_BREAK_GLASS: facts.get("break_glass", False)}
    for action in [Action.SESSION_START, *(action for action, wanted in rare.items() if wanted)]:
        entry = record(
            action,
            user.username,
            tool=session.tool,
            hosts=list(hosts),
            session=session.id,
            reason=session.reason,
            detail={**_facts(session, draft), **facts},
        )
        _check_size(session, entry)
    nudge.hosts(hosts.values())
    nudge.session_changed(session.id)
    return session


def _check_size(session: Session, entry: AuditEntry) -> None:
    """Both name every host, and each host gets both in one message."""
    size = len(session.envelope) + len(leaf_bytes(entry))
    if size > ORDER_MAX:
        raise Invalid(
            f"{len(entry.hosts)} hosts are too many for one session: its order and its entry in the audit have {size} "
            f"bytes, and a host takes {ORDER_MAX}; start it on fewer hosts at a time",
            field="hosts",
        )


def add_key(draft: Envelope) -> None:
    """To which its rows are encrypted, if they may hold plaintext. What people agreed to has one already."""
    if not draft.payload_key and may_hold_plaintext(find(draft.tool).tool, risk_of(draft.risk)):
        draft.payload_key = session_keys.create(uuid.UUID(bytes=draft.session_id))


def _session(user: User, draft: Envelope) -> Session:
    tool = find(draft.tool).tool
    limits = {name.name: getattr(draft.limits, name.name) for name in RunLimits.DESCRIPTOR.fields}
    return Session(
        id=uuid.UUID(bytes=draft.session_id),
        tool=tool.name,
        tool_digest=draft.tool_digest.hex(),
        title=tool.title[:200],
        kind=enum_short(Kind.DESCRIPTOR, tool.streams[0].kind),
        team=teams.named(draft.team),
        risk=risk_of(draft.risk),
        created_by=user,
        reason=draft.reason,
        params=dict(draft.params),
        filters=set_fields(draft.filters),
        limits=limits,
        reveal=draft.reveal,
        not_after=timezone.now() + envelope.LIFETIME,
    )


def _facts(session: Session, draft: Envelope) -> dict[str, Any]:
    return {
        "envelope": hashlib.sha256(session.envelope).hexdigest(),
        "tool_digest": session.tool_digest,
        "params": session.params,
        "filters": session.filters,
        "limits": session.limits,
        "reveal": session.reveal,
        "team": session.team.name,
        "risk": f"s{session.risk}",
        "payload_key": draft.payload_key.hex(),
        "targets": [
            {"run": str(uuid.UUID(bytes=target.run_id)), "host_id": target.host_id, "host": target.host_name}
            for target in draft.runs
        ],
    }
