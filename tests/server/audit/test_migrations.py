"""A log that was kept as a chain becomes a tree, and says how the chain ended."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from server import keys
from server.audit.leaf import FIELDS, canonical
from server.audit.models import AuditEntry, EntryHost
from server.audit.record import record
from server.audit.verify import verify


def migrate(name: str) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([("audit", name)])
    return MigrationExecutor(connection).loader.project_state([("audit", name)]).apps.get_model("audit", "AuditEntry")


def chain(entries: Any, count: int) -> str:
    head = "0" * 64
    for number in range(1, count + 1):
        entry = entries(id=number, time=timezone.now(), actor="ann", action="session.view", hosts=["web-1"])
        entry.previous_hash = head
        content = canonical([getattr(entry, name) for name in FIELDS])
        entry.hash = head = hashlib.sha256(head.encode() + content).hexdigest()
        entry.save(force_insert=True)
    return head


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("forged", [None, 3])
def test_a_chain_becomes_a_tree(forged: int | None) -> None:
    entries = migrate("0002_append_only")
    try:
        head = chain(entries, 5)
        entries.objects.filter(id=forged).update(reason="forged")
    finally:
        migrate("0005_grow_tree")
    last = AuditEntry.objects.get(id=6)
    assert (last.action, last.outcome) == ("audit.tree", "done" if forged is None else "refused")
    assert last.detail == {"entries": 5, "chain_head": head, "first_bad": forged}
    assert record("session.start", "ann").id == 7
    found = verify(keys.audit_public(settings.ENV.keys))
    assert (found.entries, found.bad_id) == (7, None)
    assert EntryHost.objects.filter(host="web-1").count() == 5
