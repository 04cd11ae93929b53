"""A log with heads signed now and then."""

from __future__ import annotations

import pytest

from server.audit import checkpoints
from server.audit.export import Selection, export
from server.audit.models import AuditEntry
from server.audit.record import record

ENTRIES = 60


@pytest.fixture
def log(db: None, server_keys: None) -> None:
    for number in range(ENTRIES):
        record("session.view", f"user-{number % 3}", hosts=[f"host-{number % 5}"], detail={"n": number})
        if number % 20 == 19:
            checkpoints.sign_head()


def exported_lines(*, whole: bool) -> list[bytes]:
    entries = AuditEntry.objects.all() if whole else AuditEntry.objects.filter(actor="user-1")
    return list(export(Selection(entries, {} if whole else {"actor": "user-1"}, "auditor")))
