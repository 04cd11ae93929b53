from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from server.accounts.models import User
from server.audit.models import AuditEntry
from server.tracing import removal
from server.tracing.models import Session
from server.tracing.removal import finish, remove
from server.tracing.segments import segment_store
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1, minutes=1)


@pytest.fixture
def ended(user: Callable[..., User]) -> Traced:
    made = traced(user())
    made.store(5)
    made.end()
    return made


def marked() -> list[object]:
    return [session for session, _ in segment_store().deletions.marked()]


def test_files_and_rows_go_and_the_audit_stays(ended: Traced) -> None:
    pk = ended.session.pk
    folder = segment_store().root / str(pk)
    assert any(folder.rglob("*.seg"))
    assert remove(ended.session, "session.delete", "ann")
    assert not folder.exists() and not Session.objects.filter(pk=pk).exists()
    ended.session.pk = pk
    assert not remove(ended.session, "session.delete", "ben")
    assert [entry.actor for entry in AuditEntry.objects.filter(session=pk, action="session.delete")] == ["ann"]


def test_what_a_straggler_writes_after_the_deletion_goes_too(ended: Traced) -> None:
    pk = ended.session.pk
    remove(ended.session, "session.delete", "ann")
    segment_store().append(pk, ended.runs[0].pk, [])
    assert (segment_store().root / str(pk)).exists()
    finish(timezone.now())
    assert not (segment_store().root / str(pk)).exists()
    assert pk in marked()
    finish(timezone.now() + HOUR)
    assert pk not in marked()


class CrashError(Exception):
    """The process is gone."""


def test_a_crash_before_the_commit_deletes_nothing(ended: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise CrashError

    pk = ended.session.pk
    with monkeypatch.context() as patched, pytest.raises(CrashError):
        patched.setattr(removal, "record", crash)
        remove(ended.session, "session.delete", "ann")
    finish(timezone.now())
    assert pk in marked(), "it may be under way in another process"
    finish(timezone.now() + HOUR)
    assert pk not in marked()
    assert Session.objects.filter(pk=pk).exists()
    assert segment_store().index(pk, ended.runs[0].pk).rows == 5


def test_a_crash_after_the_commit_is_made_good(ended: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise CrashError

    pk = ended.session.pk
    with monkeypatch.context() as patched, pytest.raises(CrashError):
        patched.setattr(type(segment_store()), "delete", crash)
        remove(ended.session, "session.delete", "ann")
    assert (segment_store().root / str(pk)).exists()
    finish(timezone.now())
    assert not (segment_store().root / str(pk)).exists()
