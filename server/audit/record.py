"""Writing the audit: one entry at a time, each sealed with the hash of the one before."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from server import nudge
from server.audit.models import AuditEntry

GENESIS = "0" * 64
_WRITER_LOCK = 0x666C7363  # PostgreSQL advisory lock: one writer at a time over all processes


def record(
    action: str,
    actor: str,
    outcome: str = "done",
    *,
    tool: str = "",
    hosts: Iterable[str] = (),
    session: uuid.UUID | None = None,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Append one entry. In a transaction it becomes visible with it or not at all; else it is committed on return."""
    with transaction.atomic():
        _become_only_writer()
        last = AuditEntry.objects.order_by("-id").first()
        entry = AuditEntry(
            id=last.id + 1 if last else 1,
            time=timezone.now(),
            actor=_storable(actor[:80]),
            action=action,
            outcome=outcome,
            tool=_storable(tool[:64]),
            hosts=_storable(list(hosts)),
            session=session,
            reason=_storable(reason),
            detail=_storable(dict(detail or {})),
            previous_hash=last.hash if last else GENESIS,
        )
        entry.hash = entry_hash(entry)
        entry.save(force_insert=True)
        nudge.fleet_changed("audit")
        return entry


def entry_hash(entry: AuditEntry) -> str:
    """Hex sha-256 over the previous hash and every field, as canonical JSON."""
    fields = {
        "id": entry.id,
        "time": entry.time.astimezone(datetime.UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "outcome": entry.outcome,
        "tool": entry.tool,
        "hosts": entry.hosts,
        "session": str(entry.session) if entry.session else None,
        "reason": entry.reason,
        "detail": entry.detail,
    }
    canonical = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(entry.previous_hash.encode() + canonical).hexdigest()


def _storable(value: Any) -> Any:
    """PostgreSQL cannot hold NUL in text; what a person typed is still recorded."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def _become_only_writer() -> None:
    # SQLite needs nothing: its transactions are IMMEDIATE, so there is one writer anyway.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_WRITER_LOCK])
