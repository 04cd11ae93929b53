from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from server.audit.models import AuditEntry
from server.consent import requests
from server.consent.models import Request, RequestState
from server.errors import Conflict, Forbidden, Invalid, NotFound
from tests.server.consent.requests import ADA, MakeUser, armoured, asked, signed_by_ada, signed_by_bob


def state(request: Request) -> str:
    return str(Request.objects.get(pk=request.pk).state)


def actions() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "outcome"))


def test_it_is_approved_when_both_have_signed_in_whatever_order(user: MakeUser) -> None:
    request = asked(user)
    requests.approve(user("approver", "bob"), str(request.pk), signed_by_bob(request))
    assert state(request) == RequestState.WAITING
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    assert state(request) == RequestState.APPROVED
    assert actions() == [("request.ask", "done"), ("request.approve", "done"), ("request.sign", "done")]
    assert AuditEntry.objects.get(action="request.approve").detail["key"].startswith("SHA256:")


def test_as_many_others_as_the_host_wants(user: MakeUser) -> None:
    request = asked(user, people=2)
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    requests.approve(user("approver", "bob"), str(request.pk), signed_by_bob(request))
    assert state(request) == RequestState.WAITING
    requests.approve(user("approver", "eve"), str(request.pk), armoured(type(ADA)(), bytes(request.specification)))
    assert state(request) == RequestState.APPROVED


def test_nobody_agrees_with_themselves_not_even_from_a_second_account(user: MakeUser) -> None:
    request = asked(user)
    with pytest.raises(Forbidden, match="nobody agrees to what they asked for"):
        requests.approve(request.created_by, str(request.pk), signed_by_bob(request))
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    with pytest.raises(Conflict, match="this key has signed here already"):
        requests.approve(user("approver", "ada-too"), str(request.pk), signed_by_ada(request))
    assert actions()[-1] == ("request.approve", "refused")
    assert state(request) == RequestState.WAITING


def test_a_signature_is_needed_and_must_fit(user: MakeUser) -> None:
    request, bob = asked(user), user("approver", "bob")
    with pytest.raises(Invalid, match="hosts want this signed"):
        requests.approve(bob, str(request.pk), None)
    with pytest.raises(Invalid, match="something was changed"):
        requests.approve(bob, str(request.pk), armoured(ADA, b"other"))
    with pytest.raises(Forbidden, match="only ada"):
        requests.sign(bob, str(request.pk), signed_by_bob(request))
    assert state(request) == RequestState.WAITING


def test_a_denial_wins_also_after_an_approval_and_nobody_speaks_twice(user: MakeUser) -> None:
    request, bob = asked(user), user("approver", "bob")
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    with pytest.raises(Conflict, match="said that already"):
        requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    requests.approve(bob, str(request.pk), signed_by_bob(request))
    requests.deny(user("approver", "eve"), str(request.pk), "not on a Sunday")
    assert state(request) == RequestState.DENIED
    with pytest.raises(Conflict, match="denied by eve: not on a Sunday"):
        requests.approve(bob, str(request.pk), signed_by_bob(request))


def test_time_ends_it(user: MakeUser) -> None:
    request = asked(user)
    requests.expire()
    assert state(request) == RequestState.WAITING
    Request.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    with pytest.raises(Conflict, match="has expired"):
        requests.approve(user("approver", "bob"), str(request.pk), signed_by_bob(request))
    requests.expire()
    requests.expire()
    assert state(request) == RequestState.EXPIRED
    assert [action for action, _ in actions()].count("request.expire") == 1


def test_only_who_asked_withdraws(user: MakeUser) -> None:
    request = asked(user)
    with pytest.raises(Forbidden):
        requests.withdraw(user("approver", "bob"), str(request.pk))
    requests.withdraw(request.created_by, str(request.pk))
    assert state(request) == RequestState.VOID


def test_break_glass_needs_the_signature_of_who_asks_alone_and_a_review_by_another(user: MakeUser) -> None:
    request, bob = asked(user, break_glass=True), user("approver", "bob")
    with pytest.raises(Conflict, match="nobody agrees before"):
        requests.approve(bob, str(request.pk), signed_by_bob(request))
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    assert state(request) == RequestState.APPROVED
    with pytest.raises(Conflict, match="nothing to review"):
        requests.review(bob, str(request.pk), "fine")
    Request.objects.update(state=RequestState.STARTED)
    with pytest.raises(Forbidden):
        requests.review(request.created_by, str(request.pk), "fine")
    requests.review(bob, str(request.pk), "it was an emergency")
    with pytest.raises(Conflict, match="nothing to review"):
        requests.review(bob, str(request.pk), "again")


def test_what_is_no_request_is_not_found(user: MakeUser) -> None:
    for name in ("x", "00000000-0000-0000-0000-000000000001"):
        with pytest.raises(NotFound):
            requests.find(name)
