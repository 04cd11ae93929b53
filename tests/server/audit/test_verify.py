from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from proto import checkpoint
from server import keys
from server.audit import checkpoints, triggers
from server.audit.check import Verdict
from server.audit.models import AuditEntry, Checkpoint, EntryHost, TreeNode
from server.audit.record import record
from server.audit.verify import verify


def checked() -> Verdict:
    return verify(keys.audit_public(settings.ENV.keys))


def delete(number: int) -> None:
    EntryHost.objects.filter(entry=number).delete()
    AuditEntry.objects.filter(id=number).delete()


def swap() -> None:
    second, third = (AuditEntry.objects.get(id=number) for number in (2, 3))
    second.id, third.id = 3, 2
    second.save()
    third.save()


TAMPERINGS: list[tuple[Callable[[], object], int, str]] = [
    (lambda: AuditEntry.objects.filter(id=3).update(reason="another"), 3, "changed"),
    (lambda: AuditEntry.objects.filter(id=3).update(detail={"n": 4}), 3, "changed"),
    (lambda: AuditEntry.objects.filter(id=3).update(time=timezone.now()), 3, "changed"),
    (lambda: AuditEntry.objects.filter(id=4).update(hash="0" * 64), 3, "one up to 4"),
    (lambda: delete(2), 2, "missing"),
    (lambda: delete(1), 1, "missing"),
    (lambda: delete(7), 7, "missing, and with it all up to 7"),
    (swap, 1, "one up to 2"),
    (lambda: EntryHost.objects.filter(entry=5).delete(), 5, "index"),
    (lambda: EntryHost.objects.create(entry_id=5, host="db-1"), 5, "index"),
    (lambda: TreeNode.objects.filter(position=1).update(hash=b"x" * 32), 1, "tree over them differs"),
    (lambda: TreeNode.objects.filter(position=9).delete(), 5, "tree over them differs"),
    (lambda: TreeNode.objects.create(position=99, hash=b"x" * 32), 8, "newest ones are missing"),
    (lambda: Checkpoint.objects.update(note="x"), 7, "head that ends with it was changed"),
    (lambda: Checkpoint.objects.update(size=6), 6, "signed for 7 entries"),
]


@pytest.fixture
def seven(db: None, server_keys: None) -> None:
    for number in range(7):
        record("session.start", "ann", hosts=["web-1"], detail={"n": number})
    checkpoints.sign_head()


@pytest.mark.usefixtures("seven")
@pytest.mark.parametrize(("tamper", "bad_id", "problem"), TAMPERINGS)
def test_the_first_bad_entry_is_named(tamper: Callable[[], object], bad_id: int, problem: str) -> None:
    found = checked()
    assert (found.entries, found.signed, found.bad_id) == (7, 7, None)
    triggers.remove(connection)
    tamper()
    found = checked()
    assert found.bad_id == bad_id
    assert problem in found.problem


@pytest.mark.usefixtures("seven")
def test_a_log_written_anew_does_not_lead_to_a_head_that_was_noted_elsewhere() -> None:
    public = keys.audit_public(settings.ENV.keys)
    noted = checkpoint.opened(Checkpoint.objects.get().note, public)
    triggers.remove(connection)
    for model in (Checkpoint, EntryHost, TreeNode, AuditEntry):
        model.objects.all().delete()
    for number in range(9):
        record("session.start", "bob", hosts=["web-1"], detail={"n": number})
    assert checked().bad_id is None
    found = verify(public, [noted])
    assert (found.bad_id, found.signed) == (1, 0)
    assert "does not follow from them" in found.problem


@pytest.mark.usefixtures("server_keys")
@pytest.mark.django_db
def test_an_empty_audit_is_in_order() -> None:
    assert checked() == Verdict(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
