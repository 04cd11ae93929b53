from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from server.accounts.browsers import SessionStore
from server.accounts.models import User
from server.accounts.standing import Entrance
from server.audit.models import AuditEntry
from server.live.access import RefusedError, enter, entrance_of
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(user: Callable[..., User]) -> Traced:
    return traced(user("viewer"))


def scope(actor: User | AnonymousUser, session: object, browser: SessionStore | None = None) -> dict[str, Any]:
    return {"user": actor, "session": browser or SessionStore(), "url_route": {"kwargs": {"session": str(session)}}}


def viewer() -> User:
    return User.objects.get(username="viewer")


def test_a_view_is_on_the_record(running: Traced) -> None:
    assert enter(scope(viewer(), running.session.pk)) == running.session.pk
    assert enter(scope(viewer(), str(running.session.pk)[:8])) == running.session.pk
    entry = AuditEntry.objects.order_by("-id")[0]
    assert (entry.action, entry.actor, entry.outcome, entry.hosts) == ("session.view", "viewer", "done", ["host-1"])


def test_a_refusal_is_on_the_record(running: Traced) -> None:
    with pytest.raises(RefusedError, match="sign in first"):
        enter(scope(AnonymousUser(), running.session.pk))
    entry = AuditEntry.objects.order_by("-id")[0]
    assert (entry.action, entry.actor, entry.outcome) == ("session.view", "anonymous", "refused")


def test_a_session_that_is_not_there(running: Traced) -> None:
    with pytest.raises(RefusedError, match="there is no session"):
        enter(scope(viewer(), uuid4()))


def test_a_socket_came_in_by_its_browser(running: Traced) -> None:
    browser = SessionStore()
    browser.create()
    assert entrance_of(scope(viewer(), running.session.pk, browser)) == Entrance(viewer().pk, str(browser.session_key))
