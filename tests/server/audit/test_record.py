from __future__ import annotations

import threading
import uuid

import pytest
from django.db import connection, transaction

from server.audit.models import AuditEntry
from server.audit.record import GENESIS, entry_hash, record
from server.audit.verify import verify


@pytest.mark.django_db
def test_each_entry_holds_the_hash_of_the_one_before() -> None:
    first = record(
        "session.start", "ann", tool="opensnoop", session=uuid.uuid4(), detail={"b": 1.5, "a": [1, None, "ü"]}
    )
    second = record("session.stop", "ann")
    assert (first.id, first.previous_hash) == (1, GENESIS)
    assert (second.id, second.previous_hash) == (2, first.hash)
    for entry in AuditEntry.objects.all():
        assert entry_hash(entry) == entry.hash


@pytest.mark.django_db
def test_text_that_a_database_cannot_hold_is_still_recorded() -> None:
    record("session.start", "a\0b", reason="x\0y", detail={"k\0": ["v\0"]})
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.reason, entry.detail) == ("a\ufffdb", "x\ufffdy", {"k\ufffd": ["v\ufffd"]})
    assert verify().bad_id is None


@pytest.mark.usefixtures("committed")
def test_an_entry_goes_with_its_transaction() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("session.start", "ann")
        raise ZeroDivisionError
    assert not AuditEntry.objects.exists()
    assert record("session.start", "ann").id == 1


@pytest.mark.usefixtures("committed")
def test_writers_at_the_same_time_make_one_chain() -> None:
    def write(name: str) -> None:
        for number in range(10):
            record("session.view", f"{name}-{number}")
        connection.close()

    threads = [threading.Thread(target=write, args=(f"writer-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify()
    assert (found.entries, found.bad_id) == (40, None)
