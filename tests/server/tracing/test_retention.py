from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from server.accounts.models import User
from server.audit.models import AuditEntry
from server.tracing.keeping import DEFAULTS, Span
from server.tracing.models import Run, Session, StoragePolicy
from server.tracing.retention import ACTION, sweep
from server.tracing.segments import segment_store
from server.tracing.storage import Bounds, change, stored
from server.tracing.store import SegmentStore
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path) -> Iterator[SegmentStore]:
    """Nothing that other tests stored is in it."""
    store = SegmentStore(tmp_path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("server.tracing.segments._at", lambda _: store)
        yield store


@pytest.fixture
def three(user: Callable[..., User]) -> list[Traced]:
    """Ended 9, 5 and 1 days ago."""
    person, found = user(), []
    for days in (9, 5, 1):
        made = traced(person)
        made.store(50)
        made.end()
        Session.objects.filter(pk=made.session.pk).update(ended_at=timezone.now() - days * DAY)
        found.append(made)
    return found


def kept() -> set[object]:
    return set(Session.objects.values_list("pk", flat=True))


def folders() -> set[str]:
    return {path.name for path in segment_store().root.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize(("risk", "hours"), [(0, 2160), (1, 2160), (2, 720), (3, 72)])
def test_out_of_the_box_each_class_has_its_time(three: list[Traced], risk: int, hours: int) -> None:
    now = timezone.now()
    Session.objects.update(risk=risk, ended_at=now)
    assert sweep(now + datetime.timedelta(hours=hours, seconds=-1)) == 0
    assert len(kept()) == 3
    assert sweep(now + datetime.timedelta(hours=hours, seconds=1)) == 3


def test_what_an_upgrade_found_has_the_same_time_from_then(three: list[Traced]) -> None:
    upgraded = timezone.now()
    StoragePolicy.objects.create(owner="", ceilings_since=upgraded)
    Session.objects.update(risk=3)
    assert sweep(upgraded + datetime.timedelta(hours=72)) == 0
    assert sweep(upgraded + datetime.timedelta(hours=72, seconds=1)) == 3


def test_an_upgrade_spares_what_is_there(three: list[Traced]) -> None:
    spare = import_module("server.tracing.migrations.0008_keeping").spare_what_is_there
    spare(apps, connection)
    assert sweep(timezone.now() + datetime.timedelta(hours=71)) == 0
    Session.objects.all().delete()
    StoragePolicy.objects.all().delete()
    spare(apps, connection)
    assert not StoragePolicy.objects.exists()


def test_without_any_bound_everything_stays(three: list[Traced]) -> None:
    change("ann", Bounds(classes={}))
    change("ann", Bounds(classes={name: Span() for name in DEFAULTS}))
    assert sweep(timezone.now() + 1000 * DAY) == 0
    assert len(kept()) == 3


def test_no_bound_deletes_before_the_floor(three: list[Traced]) -> None:
    spans = {name: Span(at_least=24 * 7) for name in DEFAULTS}
    change("ann", Bounds(keep_days=1, keep_bytes=1, classes=spans))
    assert sweep(timezone.now()) == 1
    assert kept() == {made.session.pk for made in three[1:]}


def test_what_is_too_old_goes_with_its_files(three: list[Traced]) -> None:
    change("ann", Bounds(keep_days=6))
    now = timezone.now()
    assert (sweep(now), sweep(now)) == (1, 0)
    assert kept() == {made.session.pk for made in three[1:]}
    assert folders() == {str(made.session.pk) for made in three[1:]}
    entry = AuditEntry.objects.get(action=ACTION)
    assert (entry.actor, entry.session) == ("retention", three[0].session.pk)
    assert entry.detail["why"] == "it ended more than 6 days ago" and entry.detail["bytes"] > 0
    assert sweep(now + 2 * DAY) == 1
    assert kept() == {three[2].session.pk}


def test_the_oldest_go_until_the_rest_fits(three: list[Traced]) -> None:
    used = stored().used_bytes
    change("ann", Bounds(keep_bytes=used - 1))
    assert sweep(timezone.now()) == 1
    assert kept() == {made.session.pk for made in three[1:]}
    assert stored().used_bytes < used


def test_what_runs_is_not_deleted(user: Callable[..., User]) -> None:
    running = traced(user())
    running.store(50)
    change("ann", Bounds(keep_bytes=1, keep_days=1))
    assert sweep(timezone.now() + 1000 * DAY) == 0
    assert kept() == {running.session.pk}


def test_a_full_store_stops_what_runs(user: Callable[..., User]) -> None:
    running = traced(user(), hosts=2)
    running.store(50)
    change("ann", Bounds(quota_bytes=stored().used_bytes + 1))
    sweep(timezone.now())
    assert not Run.objects.exclude(stop_cause="").exists()
    change("ann", Bounds(quota_bytes=stored().used_bytes))
    sweep(timezone.now())
    for run in Run.objects.all():
        assert run.stop_cause == "store_full"
        assert run.stop_message.startswith("the store holds") and "raise the quota" in run.stop_message
