from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from server.accounts.models import User
from server.accounts.policy import Action
from server.audit.models import AuditEntry
from server.errors import Forbidden, Invalid, NotFound
from server.tracing.lookup import permitted
from server.tracing.models import Session
from tests.server.people import grant, team

IDS = [
    "aaaaaaaa-0000-4000-8000-000000000001",
    "aaaaaaaa-1000-4000-8000-000000000002",
    "bbbbbbbb-0000-4000-8000-000000000003",
]


@pytest.fixture(autouse=True)
def sessions(user: Callable[..., User]) -> None:
    person = user("tracer")
    for session_id in IDS:
        Session.objects.create(id=uuid.UUID(session_id), tool="opensnoop", created_by=person, not_after=timezone.now())


def found(text: str, action: Action = Action.SESSION_VIEW, by: str = "tracer") -> Session:
    return permitted(User.objects.get(username=by), text, action)


@pytest.mark.parametrize("text", [IDS[2], IDS[2].upper(), IDS[2].replace("-", ""), "bbbbbbbb", "bbbbbbbb-00"])
def test_a_session_is_found_by_a_beginning(text: str) -> None:
    assert found(text).id == uuid.UUID(IDS[2])


def test_an_ambiguous_beginning_is_refused() -> None:
    with pytest.raises(Invalid, match="several sessions"):
        found("aaaaaaaa")
    assert found("aaaaaaaa1").id == uuid.UUID(IDS[1])


@pytest.mark.parametrize("text", ["cccccccc", "nonsense!", "", "a" * 33, "%", "bbbbbbbb' OR 1=1"])
def test_what_is_no_session_says_where_to_look(text: str) -> None:
    with pytest.raises(NotFound, match="fleetscope sessions"):
        found(text)


def test_a_short_beginning_is_refused() -> None:
    with pytest.raises(Invalid, match="at least the first 8"):
        found("bbbb")


def test_another_teams_session_does_not_exist_and_the_try_is_on_the_record(user: Callable[..., User]) -> None:
    stranger = user("", "eve")
    grant(stranger, "viewer", team("other"))
    Session.objects.filter(id=IDS[1]).update(team=team("other"))
    assert found("aaaaaaaa", by="eve").id == uuid.UUID(IDS[1])  # no word of the other one that begins so
    messages = []
    for text in (IDS[2], "cccccccc"):
        with pytest.raises(NotFound) as caught:
            found(text, by="eve")
        messages.append(caught.value.message.replace(text, "X"))
    assert messages[0] == messages[1]
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.outcome) == ("eve", "session.view", "refused")
    assert entry.session == uuid.UUID(IDS[2])


def test_what_may_be_listed_and_no_more_is_refused_with_the_reason(user: Callable[..., User]) -> None:
    with pytest.raises(Forbidden, match=r"session.view needs the role .* in team default, yours is approver; "):
        found(IDS[2], by=user("approver").username)
