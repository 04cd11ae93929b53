from __future__ import annotations

import datetime
import uuid

import pytest

from server.audit.leaf import leaf_bytes, leaf_hash, storable
from server.audit.models import AuditEntry
from server.audit.record import record

ENTRY = AuditEntry(
    id=3,
    time=datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone(datetime.timedelta(hours=1))),
    actor="ann",
    action="session.start",
    outcome="done",
    hosts=["b", "a"],
    session=uuid.UUID(int=7),
    detail={"b": 1.5, "a": None},
)


def test_an_entry_is_canonical_json() -> None:
    assert leaf_bytes(ENTRY) == (
        b'{"action":"session.start","actor":"ann","detail":{"a":null,"b":1.5},"hosts":["b","a"],"id":3,"outcome":"done",'
        b'"reason":"","session":"00000000-0000-0000-0000-000000000007","time":"2026-01-02T02:04:05.000006+00:00","tool":""}'
    )


def test_awkward_values_come_back_from_the_database_as_they_went_in(db: None) -> None:
    awkward = {"n\0": ["\0", "\ud800", 1e300, -0.0, 1e-7, 2**63, 2**64, float("inf"), float("nan"), {"t": (1, True)}]}
    entry = record("session.start", "a\0b", reason="x\0y", detail=awkward)
    found = AuditEntry.objects.get()
    assert leaf_hash(found).hex() == entry.hash
    assert (found.actor, found.reason) == ("a\ufffdb", "x\ufffdy")


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, 1e15, float("nan")])
def test_numbers_without_one_form_become_text(value: float) -> None:
    assert storable(value) == str(value)
