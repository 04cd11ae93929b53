from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser

from server.accounts.models import User
from server.accounts.policy import Action, decide, require
from server.audit.models import AuditEntry
from server.errors import Forbidden

LOOK = {"tool.view", "host.view", "session.view", "session.export", "request.view", "storage.view", "account.own"}
TABLE = {
    "viewer": LOOK,
    "tracer": LOOK | {"session.start", "host.ask"},
    "admin": {str(action) for action in Action},
}


class Theirs:
    created_by_id = -1


@pytest.mark.parametrize("role", TABLE)
@pytest.mark.parametrize("action", Action)
def test_a_role_may_what_the_table_says(user: Callable[..., User], role: str, action: Action) -> None:
    assert decide(user(role), action, Theirs()).allowed == (action in TABLE[role])


@pytest.mark.parametrize("action", [Action.SESSION_STOP, Action.SESSION_DELETE])
def test_a_tracer_may_stop_and_delete_own_sessions(user: Callable[..., User], action: Action) -> None:
    tracer = user("tracer")

    class Own:
        created_by_id = tracer.pk

    assert decide(tracer, action, Own()).allowed
    refused = decide(tracer, action, Theirs())
    assert not refused.allowed
    assert "another person" in refused.reason


@pytest.mark.parametrize("actor", [None, AnonymousUser()])
@pytest.mark.parametrize("action", Action)
def test_nobody_may_nothing(actor: AnonymousUser | None, action: Action) -> None:
    assert decide(actor, action).reason == "sign in first"


def test_an_inactive_person_may_nothing(user: Callable[..., User]) -> None:
    gone = user("admin")
    gone.is_active = False
    assert not decide(gone, Action.SESSION_VIEW).allowed


def test_a_refusal_stands_in_the_audit(user: Callable[..., User]) -> None:
    with pytest.raises(Forbidden, match="needs the role tracer, yours is viewer"):
        require(user("viewer"), Action.SESSION_START, tool="opensnoop", hosts=["web-1"], reason="curious")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.outcome) == ("viewer", "session.start", "refused")
    assert (entry.tool, entry.hosts, entry.reason) == ("opensnoop", ["web-1"], "curious")
