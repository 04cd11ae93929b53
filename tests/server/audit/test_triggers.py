from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from server.audit import checkpoints, triggers
from server.audit.models import AuditEntry, Checkpoint, EntryHost, TreeNode
from server.audit.record import record

CHANGES: list[Callable[[], object]] = [
    lambda: AuditEntry.objects.update(actor="somebody else"),
    lambda: AuditEntry.objects.filter(id=2).delete(),
    lambda: _run("UPDATE audit_auditentry SET reason = 'x' WHERE id = 1"),
    lambda: _run("DELETE FROM audit_auditentry"),
    lambda: EntryHost.objects.update(host="web-2"),
    lambda: EntryHost.objects.all().delete(),
    lambda: TreeNode.objects.update(hash=b"x" * 32),
    lambda: TreeNode.objects.all().delete(),
    lambda: Checkpoint.objects.update(note="x"),
    lambda: Checkpoint.objects.all().delete(),
]
COLUMNS = "(id, time, actor, action, outcome, tool, hosts, reason, detail, hash)"
VALUES = "(1, '2026-01-01', 'eve', '', '', '', '[]', '', '{}', '')"
REPLACE = {
    "sqlite": f"INSERT OR REPLACE INTO audit_auditentry {COLUMNS} VALUES {VALUES}",
    "postgresql": f"INSERT INTO audit_auditentry {COLUMNS} VALUES {VALUES} ON CONFLICT (id) DO UPDATE SET tool = 'x'",
}


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("server_keys")
@pytest.mark.django_db
@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_to_change_what_is_on_record(change: Callable[[], object]) -> None:
    record("session.start", "ann", hosts=["web-1"])
    record("session.start", "ann")
    checkpoints.sign_head()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()
    assert [entry.actor for entry in AuditEntry.objects.all()] == ["ann", "ann"]


@pytest.mark.django_db
def test_an_entry_cannot_be_replaced() -> None:
    record("session.start", "ann")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _run(REPLACE[connection.vendor])
    assert AuditEntry.objects.get().actor == "ann"


@pytest.mark.usefixtures("committed")
def test_removed_triggers_can_be_installed_again() -> None:
    triggers.remove(connection)
    record("session.start", "ann")
    AuditEntry.objects.update(actor="bob")
    triggers.install(connection)
    with pytest.raises(DatabaseError, match="append-only"):
        AuditEntry.objects.update(actor="eve")
    assert AuditEntry.objects.get().actor == "bob"
