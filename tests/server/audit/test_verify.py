from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from server.audit import triggers
from server.audit.models import AuditEntry
from server.audit.record import record
from server.audit.verify import verify

TAMPERINGS: list[tuple[Callable[[], object], int, str]] = [
    (lambda: AuditEntry.objects.filter(id=3).update(reason="another"), 3, "changed"),
    (lambda: AuditEntry.objects.filter(id=3).update(detail={"n": 4}), 3, "changed"),
    (lambda: AuditEntry.objects.filter(id=2).delete(), 3, "entry 2 is missing"),
    (lambda: AuditEntry.objects.filter(id=4).update(previous_hash="0" * 64), 4, "does not follow"),
    (lambda: AuditEntry.objects.filter(id=1).delete(), 2, "entry 1 is missing"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("tamper", "bad_id", "problem"), TAMPERINGS)
def test_the_first_bad_entry_is_named(tamper: Callable[[], object], bad_id: int, problem: str) -> None:
    for number in range(5):
        record("session.start", "ann", detail={"n": number})
    assert verify().entries == 5
    triggers.remove(connection)
    tamper()
    found = verify()
    assert found.bad_id == bad_id
    assert problem in found.problem


@pytest.mark.django_db
def test_an_empty_audit_is_in_order() -> None:
    assert verify().entries == 0
