from __future__ import annotations

import datetime
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from server.accounts.models import User
from server.audit.models import AuditEntry
from server.consent import requests
from server.errors import RowsLocked
from server.tracing import removal, session_keys
from server.tracing.models import Session
from server.tracing.removal import finish, remove
from server.tracing.segments import segment_store
from server.tracing.store import SegmentStore
from tests.server.consent.requests import asked
from tests.server.tracing.sessions import Traced, encrypted, traced

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


def test_a_destroyed_key_destroys_the_rows_in_backups_too(user: Callable[..., User], tmp_path: Path) -> None:
    made = encrypted(user())
    made.store(5)
    made.end()
    pk, run = made.session.pk, made.runs[0].pk
    shutil.copytree(segment_store().root / str(pk), tmp_path / str(pk))
    backup = SegmentStore(tmp_path, session_keys.data_key)
    assert [batch.head.rows for batch in backup.read(pk, run)] == [5, 0]
    remove(made.session, "session.delete", "ann")
    assert not session_keys.exists(pk)
    with pytest.raises(RowsLocked, match="are locked"):
        list(backup.read(pk, run))
    actions = list(AuditEntry.objects.filter(session=pk).order_by("id").values_list("action", "actor"))
    assert actions[-2:] == [("session.key.destroy", "ann"), ("session.delete", "ann")]


def test_keys_of_sessions_that_never_came_to_be_go(user: Callable[..., User]) -> None:
    made, stray = encrypted(user()), uuid.uuid4()
    session_keys.create(stray)
    finish(timezone.now())
    assert session_keys.exists(stray), "its session may be about to be saved"
    finish(timezone.now() + HOUR)
    assert not session_keys.exists(stray) and session_keys.exists(made.session.pk)


def test_a_key_lives_as_long_as_people_are_asked(user: Callable[..., User]) -> None:
    request = asked(user)
    finish(timezone.now() + HOUR)
    assert session_keys.exists(request.pk)
    requests.withdraw(request.created_by, str(request.pk))
    finish(timezone.now() + HOUR)
    assert not session_keys.exists(request.pk)
