import pytest

from server.audit.models import AuditEntry
from server.audit.record import record


@pytest.mark.django_db
def test_the_newest_entry_comes_first() -> None:
    record("session.start", "ann")
    record("session.stop", "ann", "refused")
    assert [str(entry) for entry in AuditEntry.objects.all()] == [
        "2 ann session.stop refused",
        "1 ann session.start done",
    ]
