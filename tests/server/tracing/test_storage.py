from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from server.accounts.models import User
from server.audit.models import AuditEntry
from server.errors import Conflict, Invalid
from server.tracing import storage
from server.tracing.keeping import DEFAULTS
from server.tracing.segments import segment_store
from server.tracing.start import Order, start
from server.tracing.storage import Bounds, bounds, change, require_room, stored
from server.tracing.store import SegmentStore
from tests.server.tracing.sessions import traced

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SegmentStore]:
    """Nothing that other tests stored is in it."""
    store = SegmentStore(tmp_path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("server.tracing.segments._at", lambda _: store)
        yield store


def test_without_bounds_there_is_always_room(user: Callable[..., User]) -> None:
    assert bounds() == Bounds()
    assert stored().used_bytes == 0
    traced(user()).store(10)
    assert stored().used_bytes == segment_store().usage.sessions().popitem()[1] > 0
    require_room()


def test_changes_are_on_the_record() -> None:
    change("ann", Bounds(quota_bytes=50 * 10**9, keep_days=30))
    change("ann", Bounds(keep_bytes=10**9))
    assert bounds() == Bounds(keep_bytes=10**9)
    entry = AuditEntry.objects.filter(action="storage.change").latest("id")
    assert entry.actor == "ann"
    classes = {name: asdict(span) for name, span in DEFAULTS.items()}
    before = {"quota_bytes": 50 * 10**9, "keep_bytes": None, "keep_days": 30, "classes": classes}
    assert entry.detail["before"] == before
    assert entry.detail["after"] == before | {"quota_bytes": None, "keep_bytes": 10**9, "keep_days": None}


def test_what_is_kept_has_to_fit_into_the_quota() -> None:
    with pytest.raises(Invalid, match="up to 2 GB, which the quota of 1 GB does not allow"):
        change("ann", Bounds(quota_bytes=10**9, keep_bytes=2 * 10**9))
    assert bounds() == Bounds()


def test_a_full_store_refuses_a_start_and_says_what_to_do(user: Callable[..., User]) -> None:
    person = user()
    traced(person).store(100)
    used = stored().used_bytes
    change("ann", Bounds(quota_bytes=used * 2))
    require_room()
    change("ann", Bounds(quota_bytes=round(used / 0.97)))
    with pytest.raises(Conflict, match=r"the store holds [\d.]+ kB of [\d.]+ kB: delete sessions or"):
        start(person, Order(tool="opensnoop"))
    entry = AuditEntry.objects.filter(action="session.start").latest("id")
    assert (entry.outcome, "the store holds" in entry.detail["refusal"]) == ("refused", True)
    assert storage.RESERVE > 0.03
