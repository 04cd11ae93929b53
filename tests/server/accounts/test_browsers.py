from __future__ import annotations

import datetime
from collections.abc import Callable
from unittest import mock

from django.db import OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from server.accounts.browsers import SEEN_RESOLUTION, SessionStore, SignIn, live
from server.accounts.models import User
from tests.server.accounts.signing_in import log_in


def age(**by: float) -> None:
    SignIn.objects.update(last_seen=timezone.now() - datetime.timedelta(**by))


def test_a_sign_in_knows_whose_it_is_and_from_where(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    log_in("ann")
    kept = SignIn.objects.get()
    assert (kept.user, kept.address) == (ann, "127.0.0.1")
    assert kept.since is not None and kept.last_seen is not None
    assert str(kept.session_key) not in kept.public_id


def test_a_change_of_the_session_keeps_all_of_it(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    browser = log_in("ann")
    before = SignIn.objects.get()
    store = SessionStore(browser.session.session_key)
    store["more"] = 1
    store.save()
    after = SignIn.objects.get()
    assert (after.user, after.since, after.public_id) == (before.user, before.since, before.public_id)


def test_last_seen_is_kept_once_a_minute(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    browser = log_in("ann")
    age(seconds=SEEN_RESOLUTION.total_seconds() / 2)
    before = SignIn.objects.get().last_seen
    browser.get("/api/auth/me")
    assert SignIn.objects.get().last_seen == before
    age(hours=1)
    browser.get("/api/auth/me")
    seen = SignIn.objects.get().last_seen
    assert seen is not None and timezone.now() - seen < datetime.timedelta(minutes=30)


def test_a_full_disk_does_not_stop_who_looks(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    browser = log_in("ann")
    age(hours=1)
    with mock.patch.object(QuerySet, "update", side_effect=OperationalError("database or disk is full")) as write:
        assert browser.get("/api/auth/me").status_code == 200
    assert write.called


def test_who_is_half_signed_in_or_expired_is_not_signed_in(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    log_in("ann")
    assert live().count() == 1
    SignIn.objects.update(expire_date=timezone.now())
    SessionStore().create()
    assert live().count() == 0
