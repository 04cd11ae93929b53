from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from proto.v1.agent_pb2 import DestroyedKeys
from server.accounts.models import User
from server.tracing import doomed_keys
from server.tracing.models import DoomedKey
from server.tracing.removal import remove
from tests.server.tracing.sessions import encrypted, traced

pytestmark = pytest.mark.django_db


def test_a_host_hears_of_every_key_until_it_says_that_they_are_gone(user: Callable[..., User]) -> None:
    made = encrypted(user())
    made.end()
    (run,) = made.runs
    pk, host = run.pk, run.host_id
    remove(made.session, "session.delete", "ann")
    for _ in range(2):
        assert doomed_keys.doomed([host, uuid.uuid4()]) == {host: frozenset({pk})}
    doomed_keys.destroyed(uuid.uuid4(), DestroyedKeys(run_ids=[pk.bytes]))
    doomed_keys.destroyed(host, DestroyedKeys(run_ids=[b"short", uuid.uuid4().bytes]))
    assert doomed_keys.doomed([host]) == {host: frozenset({pk})}, "another host, and nonsense, are of no weight"
    doomed_keys.destroyed(host, DestroyedKeys(run_ids=[pk.bytes]))
    assert doomed_keys.doomed([host]) == {}


def test_what_no_host_keeps_is_asked_of_none(user: Callable[..., User]) -> None:
    person = user()
    plain = traced(person)
    plain.end()
    remove(plain.session, "session.delete", "ann")
    left = encrypted(person)
    left.end()
    left.runs[0].host.revoked_at = timezone.now()
    left.runs[0].host.save()
    remove(left.session, "session.delete", "ann")
    assert not DoomedKey.objects.exists()


def test_so_many_at_once_are_told_in_parts(user: Callable[..., User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doomed_keys, "AT_ONCE", 2)
    host = traced(user()).runs[0].host
    DoomedKey.objects.bulk_create(DoomedKey(run=uuid.uuid4(), host=host) for _ in range(3))
    first = doomed_keys.doomed([host.pk])[host.pk]
    assert len(first) == 2
    doomed_keys.destroyed(host.pk, DestroyedKeys(run_ids=[run.bytes for run in first]))
    assert len(doomed_keys.doomed([host.pk])[host.pk]) == 1
