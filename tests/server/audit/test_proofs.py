from __future__ import annotations

import uuid

import pytest
from django.conf import settings
from django.db import connection

from proto import checkpoint, merkle
from proto.v1.agent_pb2 import StartRecord
from server import keys
from server.audit import checkpoints, proofs, triggers
from server.audit.models import AuditEntry, Checkpoint, TreeNode
from server.audit.record import record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("server_keys")]


def started(outcome: str = "done") -> uuid.UUID:
    session = uuid.uuid4()
    record("session.start", "ann", outcome, session=session)
    return session


def is_proven(found: StartRecord) -> bool:
    head = checkpoint.opened(found.note, keys.audit_public(settings.ENV.keys))
    return merkle.includes(merkle.leaf_hash(found.entry), found.index, head.size, found.proof, head.root)


def test_many_starts_are_proven_by_one_head_that_is_signed_at_once() -> None:
    sessions = [started() for _ in range(50)]
    found = proofs.of_starts(sessions)
    assert found.keys() == set(sessions)
    assert all(is_proven(one) for one in found.values())
    assert {one.note for one in found.values()} == {Checkpoint.objects.get().note}
    assert proofs.of_starts(sessions) == found, "a head that reaches them is not signed again"


def test_a_start_after_the_newest_head_has_it_signed_and_an_older_one_uses_it() -> None:
    first = started()
    checkpoints.sign_head()
    second = started()
    assert {one.note for one in proofs.of_starts([first]).values()} == {Checkpoint.objects.get(size=1).note}
    both = proofs.of_starts([first, second])
    assert {one.note for one in both.values()} == {Checkpoint.objects.get(size=2).note}
    assert all(is_proven(one) for one in both.values())


def test_what_did_not_start_has_no_proof() -> None:
    refused = started("denied")
    assert proofs.of_starts([refused, uuid.uuid4()]) == {}
    assert not Checkpoint.objects.exists()


def test_the_entry_travels_as_it_was_hashed() -> None:
    session = started()
    found = proofs.of_starts([session])[session]
    assert merkle.leaf_hash(found.entry).hex() == AuditEntry.objects.get(session=session).hash


def test_a_hole_in_the_tree_proves_nothing_and_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sessions = [started() for _ in range(5)]
    triggers.remove(connection)
    TreeNode.objects.all().delete()
    assert proofs.of_starts(sessions) == {}
    assert "audit verify" in caplog.text
