from __future__ import annotations

import datetime

import pytest
from django.conf import settings
from django.utils import timezone

from proto import checkpoint
from server import keys
from server.audit import checkpoints, tree
from server.audit.models import Checkpoint
from server.audit.record import record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("server_keys")]


def test_nothing_is_signed_while_nothing_is_on_record() -> None:
    assert checkpoints.sign_due() is None


def test_a_head_is_signed_after_a_minute_or_enough_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "ENTRIES", 3)
    record("session.start", "ann")
    first = checkpoints.sign_due()
    assert first is not None
    assert first.size == 1
    record("session.start", "ann")
    assert checkpoints.sign_due() is None
    monkeypatch.setattr(timezone, "now", lambda: first.time + checkpoints.EVERY)
    second = checkpoints.sign_due()
    assert second is not None
    assert second.size == 2
    monkeypatch.setattr(timezone, "now", lambda: second.time + datetime.timedelta(seconds=1))
    for _ in range(3):
        assert checkpoints.sign_due() is None
        record("session.start", "ann")
    assert checkpoints.sign_due() is not None
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [1, 2, 5]


def test_a_head_says_what_the_tree_says() -> None:
    for _ in range(5):
        record("session.start", "ann")
    signed = checkpoint.opened(checkpoints.sign_head().note, keys.audit_public(settings.ENV.keys))
    assert (signed.size, signed.root) == (5, tree.head().root)
    assert checkpoints.sign_head().size == 5
