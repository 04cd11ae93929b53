from __future__ import annotations

import pytest

from server.accounts.models import Grant, User
from server.accounts.policy import Action
from server.audit.models import AuditEntry
from server.consent.models import Request
from server.consent.rights import about, permitted, requests_for
from server.errors import Forbidden, NotFound
from tests.server.consent.requests import MakeUser, asked
from tests.server.people import grant, team


def seen(person: User, action: Action) -> list[str]:
    return [found.tool for found in requests_for(person, action, Request.objects.all())]


def test_it_is_about_the_hosts_and_the_class_that_the_draft_asks_for(user: MakeUser) -> None:
    request = asked(user)
    found = about(request)
    assert [place.name for place in found.hosts] == ["web-1"]
    assert (found.team, found.risk, found.what) == (team(), 3, "sslsniff")
    assert found.created_by == request.created_by.pk


def test_a_request_of_another_team_does_not_exist_and_the_try_is_on_record(user: MakeUser) -> None:
    request, bob = asked(user), user("", "bob")
    grant(bob, "approver", team("theirs"))
    with pytest.raises(NotFound, match=f"no request {request.pk} that you may see"):
        permitted(bob, str(request.pk), Action.SESSION_APPROVE)
    assert AuditEntry.objects.filter(actor="bob", action="session.approve", outcome="refused").count() == 1
    assert seen(bob, Action.REQUEST_VIEW) == []


@pytest.mark.parametrize("fewer", [{"risk": 2}, {"host_names": ["db-1"]}, {"host_labels": {"env": "staging"}}])
def test_who_sees_it_agrees_only_where_the_class_and_the_hosts_are_granted(
    user: MakeUser, fewer: dict[str, object]
) -> None:
    request, bob = asked(user), user("approver", "bob")
    permitted(bob, str(request.pk), Action.SESSION_APPROVE)
    assert seen(bob, Action.SESSION_APPROVE) == ["sslsniff"]
    Grant.objects.filter(person=bob).update(**fewer)
    grant(bob, "viewer", team())
    with pytest.raises(Forbidden, match=r"^session\.approve"):
        permitted(bob, str(request.pk), Action.SESSION_APPROVE)
    assert seen(bob, Action.SESSION_APPROVE) == []
    assert seen(bob, Action.REQUEST_VIEW) == ["sslsniff"]
