"""Writing the audit: one entry at a time, each a leaf of the tree when it is visible."""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from server import nudge
from server.audit import tree
from server.audit.leaf import leaf_hash, storable
from server.audit.models import AuditEntry, EntryHost
from server.audit.way import via

SAME = datetime.timedelta(minutes=10)
MOST_DISTINCT = 30
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
    """Append one entry. In a transaction it becomes visible with it or not at all; else it is committed on return.

    Its detail says `via` how somebody came, where somebody did (server/audit/way.py).
    """
    with transaction.atomic():
        become_only_writer()
        last = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
        entry = AuditEntry(
            id=last + 1,
            time=timezone.now(),
            actor=storable(actor[:80]),
            action=action,
            outcome=outcome,
            tool=storable(tool[:64]),
            hosts=storable(list(hosts)),
            session=session,
            reason=storable(reason),
            detail=storable(_with_way(detail or {})),
        )
        leaf = leaf_hash(entry)
        entry.hash = leaf.hex()
        entry.save(force_insert=True)
        tree.append(last, leaf)
        EntryHost.objects.bulk_create(EntryHost(entry=entry, host=host[:255]) for host in dict.fromkeys(entry.hosts))
        nudge.fleet_changed("audit")
        return entry


def record_once(
    action: str, actor: str, outcome: str = "done", *, like: Mapping[str, Any] | None = None, **fields: Any
) -> None:
    """What is done over and over, such as looking at a session: one entry in ten minutes for each session, or for each
    value of ``like``, fields of an entry, and for each way to come."""
    same = _lately(action, actor, outcome, {"session": fields.get("session")} if like is None else like)
    if same.exists():
        return
    with transaction.atomic():
        become_only_writer()  # two may have looked at the same time
        if not same.all().exists():
            record(action, actor, outcome, **fields)


def record_distinct(
    action: str,
    actor: str,
    asked: Mapping[str, Any],
    *,
    detail: Mapping[str, Any],
    of: Mapping[str, Any] | None = None,
    **fields: Any,
) -> None:
    """What is asked over and over, each time for something else: one entry in ten minutes for each different ``asked``,
    whose digest the entry holds. After MOST_DISTINCT of them one more says that there were `more`: nobody floods the
    audit by scrolling. They are counted for each session, or each value of ``of``, fields of an entry."""
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:16]
    about = {"session": fields.get("session")} if of is None else of
    like: dict[str, Any] = {**about, "detail__digest": digest}
    others = _lately(action, actor, "done", {**about, "detail__digest__isnull": False})
    if others.count() >= MOST_DISTINCT and not _lately(action, actor, "done", like).exists():
        record_once(action, actor, like={**about, "detail__more": True}, detail={"more": True}, **fields)
        return
    record_once(action, actor, like=like, detail={**detail, "digest": digest}, **fields)


def _lately(action: str, actor: str, outcome: str, like: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    """By whoever came the same way."""
    way = {f"detail__via__{name}": fact for name, fact in via().items()}
    since = timezone.now() - SAME
    found = AuditEntry.objects.filter(actor=storable(actor[:80]), action=action, outcome=outcome, time__gte=since)
    return found.filter(**like, **way)


def _with_way(detail: Mapping[str, Any]) -> dict[str, Any]:
    way = via()
    return {**detail, "via": way} if way else dict(detail)


def become_only_writer() -> None:
    """Until the transaction ends."""
    # SQLite needs nothing: its transactions are IMMEDIATE, so there is one writer anyway.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_WRITER_LOCK])
