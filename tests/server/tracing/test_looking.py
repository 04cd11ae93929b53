from __future__ import annotations

from collections.abc import Callable

import pytest

from server.accounts.browsers import SignIn
from server.accounts.models import User
from server.accounts.standing import Entrance
from server.tracing.looking import lost
from server.tracing.models import Session
from tests.server.accounts.signing_in import log_in
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(user: Callable[..., User]) -> Traced:
    return traced(user("viewer"))


def entrance() -> Entrance:
    key = log_in("viewer").session.session_key
    assert key is not None
    return Entrance(User.objects.get(username="viewer").pk, key)


def test_nothing_is_lost_while_nothing_changed(running: Traced) -> None:
    assert lost(entrance(), running.session.pk) == ""


def test_signing_out_ends_the_view(running: Traced) -> None:
    came_in = entrance()
    SignIn.objects.all().delete()
    assert lost(came_in, running.session.pk) == "you signed out; sign in again"


def test_an_inactive_person_and_a_deleted_session_end_it(running: Traced) -> None:
    came_in = entrance()
    User.objects.update(is_active=False)
    assert lost(came_in, running.session.pk) == "sign in first"
    Session.objects.filter(pk=running.session.pk).delete()
    assert lost(came_in, running.session.pk) == "the session was deleted"
