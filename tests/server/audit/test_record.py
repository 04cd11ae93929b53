from __future__ import annotations

import threading
import uuid

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from server import keys
from server.audit.models import AuditEntry, EntryHost
from server.audit.record import MOST_DISTINCT, SAME, record, record_distinct, record_once
from server.audit.verify import verify


@pytest.mark.django_db
def test_entries_have_numbers_without_holes_and_are_found_by_host() -> None:
    first = record("session.start", "ann", hosts=["web-1", "db-1", "web-1"])
    second = record("session.stop", "ann")
    assert (first.id, second.id) == (1, 2)
    assert list(EntryHost.objects.order_by("id").values_list("entry_id", "host")) == [(1, "web-1"), (1, "db-1")]


@pytest.mark.usefixtures("committed")
def test_an_entry_goes_with_its_transaction() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record("session.start", "ann")
        raise ZeroDivisionError
    assert not AuditEntry.objects.exists()
    assert record("session.start", "ann").id == 1


@pytest.mark.usefixtures("committed")
def test_writers_at_the_same_time_make_one_log() -> None:
    def write(name: str) -> None:
        for number in range(10):
            record("session.view", f"{name}-{number}", hosts=[name])
        connection.close()

    threads = [threading.Thread(target=write, args=(f"writer-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify(keys.audit_public(settings.ENV.keys))
    assert (found.entries, found.bad_id) == (40, None)


@pytest.mark.usefixtures("committed")
def test_who_looks_at_the_same_time_writes_one_entry() -> None:
    meeting = threading.Barrier(4)

    def write() -> None:
        meeting.wait()
        record_once("host.refused", "evil", "refused", like={"detail__kind": "frame"}, detail={"kind": "frame"})
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db
def test_each_different_question_is_an_entry_until_there_are_many() -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    for number in (1, 2, 1, 2):
        record_distinct("session.view", "ann", {"about": number}, session=one, detail={"question": number})
    questions = AuditEntry.objects.order_by("id").values_list("detail__question", flat=True)
    assert list(questions) == [1, 2]
    for number in range(3 * MOST_DISTINCT):
        record_distinct("session.view", "ann", {"about": number}, session=one, detail={"question": number})
    assert AuditEntry.objects.count() == MOST_DISTINCT + 1
    assert AuditEntry.objects.filter(detail__more=True).count() == 1
    record_distinct("session.view", "ann", {"about": 1}, session=two, detail={"question": 1})
    record_distinct("session.view", "bob", {"about": 1}, session=one, detail={"question": 1})
    assert AuditEntry.objects.count() == MOST_DISTINCT + 3


@pytest.mark.django_db
def test_what_is_done_over_and_over_is_one_entry_in_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    for session in (one, one, two, one):
        record_once("session.view", "ann", session=session)
    record_once("session.view", "bob", session=one)
    assert AuditEntry.objects.count() == 3
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + SAME)
    record_once("session.view", "ann", session=one)
    assert AuditEntry.objects.count() == 4
