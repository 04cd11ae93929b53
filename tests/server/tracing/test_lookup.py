from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from server.accounts.models import User
from server.errors import Invalid, NotFound
from server.tracing.lookup import session_by
from server.tracing.models import Session

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


@pytest.mark.parametrize("text", [IDS[2], IDS[2].upper(), IDS[2].replace("-", ""), "bbbbbbbb", "bbbbbbbb-00"])
def test_a_session_is_found_by_a_beginning(text: str) -> None:
    assert session_by(text).id == uuid.UUID(IDS[2])


def test_an_ambiguous_beginning_is_refused() -> None:
    with pytest.raises(Invalid, match="several sessions"):
        session_by("aaaaaaaa")
    assert session_by("aaaaaaaa1").id == uuid.UUID(IDS[1])


@pytest.mark.parametrize("text", ["cccccccc", "nonsense!", "", "a" * 33, "%", "bbbbbbbb' OR 1=1"])
def test_what_is_no_session_says_where_to_look(text: str) -> None:
    with pytest.raises(NotFound, match="fleetscope sessions"):
        session_by(text)


def test_a_short_beginning_is_refused() -> None:
    with pytest.raises(Invalid, match="at least the first 8"):
        session_by("bbbb")
