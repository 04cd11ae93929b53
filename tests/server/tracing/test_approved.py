from __future__ import annotations

import dataclasses
import datetime
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.utils import timezone

from proto.v1.agent_pb2 import Envelope
from proto.v1.tool_pb2 import RISK_S2
from server.accounts import teams
from server.accounts.models import Grant, Risk, User
from server.audit.models import AuditEntry
from server.consent import requests
from server.consent.models import Part, Request, RequestState, Voice
from server.consent.rules import ApprovalNeeded
from server.errors import Conflict, Forbidden, Invalid
from server.fleet.models import Host
from server.tracing import approved, session_keys
from server.tracing.approved import ask, start_approved
from server.tracing.models import Session
from server.tracing.start import Order, start
from tests.server.conftest import close_connections
from tests.server.consent.requests import ADA, BOB, MakeUser, asked, signed_by_ada, signed_by_bob
from tests.server.fleet.hosts import make_host
from tests.server.people import team

NUMBERS = {"function": "/opt/app:run", "args": "n:s32"}


def agreed(user: MakeUser) -> Request:
    request = asked(user)
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    return requests.approve(user("approver", "bob"), str(request.pk), signed_by_bob(request))


def test_what_needs_agreement_does_not_start_without(user: MakeUser) -> None:
    make_host("web-1", approvals_needed=1)
    with pytest.raises(ApprovalNeeded, match="shows plaintext"):
        start(user("tracer"), Order("sslsniff", hosts=["web-1"]))
    with pytest.raises(ApprovalNeeded, match="shows plaintext"):
        start(user("admin"), Order("uprobe", params={"function": "c:getenv", "args": "name:str"}))
    with pytest.raises(ApprovalNeeded, match="shows plaintext"):
        start(user("tracer", "tia"), Order("uprobe", params=NUMBERS))
    assert set(AuditEntry.objects.values_list("action", "outcome")) == {("session.start", "refused")}
    assert not Session.objects.exists()


def test_numbers_start_where_the_hosts_owner_has_listed_their_call(user: MakeUser) -> None:
    make_host("web-1", approvals_needed=1, numbers=["/opt/app:*"])
    make_host("web-2", approvals_needed=1)
    session = start(user("tracer"), Order("uprobe", hosts=["web-1"], params=NUMBERS))
    assert (session.risk, Envelope.FromString(bytes(session.envelope)).risk) == (Risk.S2, RISK_S2)
    with pytest.raises(ApprovalNeeded, match="shows plaintext"):
        start(user("admin"), Order("uprobe", hosts=["web-1", "web-2"], params=NUMBERS))


def test_it_starts_once_with_the_signed_bytes_in_its_envelope(user: MakeUser) -> None:
    request = agreed(user)
    session = start_approved(request.created_by, str(request.pk))
    assert session.id == request.pk
    sent = Envelope.FromString(bytes(session.envelope))
    assert sent.consent.specification == bytes(request.specification)
    assert list(sent.consent.signatures) == [signer.sign(bytes(request.specification)) for signer in (ADA, BOB)]
    assert (list(sent.approvals), sent.user) == (["bob"], "ada")
    assert json.loads(bytes(request.specification))["payload_key"] == sent.payload_key.hex() != ""
    entry = AuditEntry.objects.get(action="session.start")
    assert [said["person"] for said in entry.detail["consent"]] == ["ada", "bob"]
    with pytest.raises(Conflict, match="is started, not approved"):
        start_approved(request.created_by, str(request.pk))
    assert Session.objects.count() == 1


def test_an_approval_counts_while_who_gave_it_may_give_it(user: MakeUser) -> None:
    request = agreed(user)
    Grant.objects.filter(person__username="bob").delete()
    with pytest.raises(Conflict, match="void, ask again: bob may no longer approve it"):
        start_approved(request.created_by, str(request.pk))
    request.refresh_from_db()
    assert (request.state, Session.objects.exists()) == (RequestState.VOID, False)


def test_a_right_lost_during_the_start_counts_too(user: MakeUser, monkeypatch: pytest.MonkeyPatch) -> None:
    request = agreed(user)
    monkeypatch.setattr(approved, "check_ready", lambda *_: Grant.objects.filter(person__username="bob").delete())
    with pytest.raises(Conflict, match=r"^bob may no longer approve it; ask again$"):
        start_approved(request.created_by, str(request.pk))
    assert not Session.objects.exists()


def test_more_approvals_than_needed_may_lose_one(user: MakeUser) -> None:
    request = agreed(user)
    Voice.objects.create(request=request, person=user("tracer", "eve"), part=Part.APPROVER)
    session = start_approved(request.created_by, str(request.pk))
    assert list(Envelope.FromString(bytes(session.envelope)).approvals) == ["bob"]


def test_only_who_asked_starts_and_only_what_is_approved(user: MakeUser) -> None:
    waiting = asked(user)
    with pytest.raises(Conflict, match="is waiting, not approved"):
        start_approved(waiting.created_by, str(waiting.pk))
    with pytest.raises(Forbidden, match="only ada"):
        start_approved(user("tracer", "bob"), str(waiting.pk))
    requests.deny(user("approver", "eve"), str(waiting.pk), "no")
    with pytest.raises(Conflict, match="is denied"):
        start_approved(waiting.created_by, str(waiting.pk))
    assert not Session.objects.exists()


def test_it_is_over_when_it_has_expired(user: MakeUser) -> None:
    request = agreed(user)
    Request.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    with pytest.raises(Conflict, match="has expired"):
        start_approved(request.created_by, str(request.pk))


@pytest.mark.parametrize("change", ["tool", "host", "revoked", "draft", "key", "lost key"])
def test_any_change_since_makes_it_void(user: MakeUser, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    request = agreed(user)
    draft = Envelope.FromString(bytes(request.draft))
    match change:
        case "tool":
            draft.tool_digest = b"x" * 32
        case "host":
            Host.objects.update(name="web-9")
        case "revoked":
            Host.objects.update(revoked_at=timezone.now())
        case "draft":
            draft.reason = "another"
        case "key":
            draft.payload_key = b"x" * 32
        case "lost key":
            session_keys.destroy(request.pk)
    Request.objects.update(draft=draft.SerializeToString())
    with pytest.raises(Conflict, match="void, ask again"):
        start_approved(request.created_by, str(request.pk))
    assert Request.objects.get().state == RequestState.VOID
    assert AuditEntry.objects.filter(action="request.void").exists()
    assert not Session.objects.exists()


def test_many_hosts_are_approved_without_signatures(user: MakeUser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENV", dataclasses.replace(settings.ENV, approval_hosts=1))
    make_host("web-1")
    make_host("web-2")
    order = Order("opensnoop", hosts=["web-1", "web-2"], reason="slow disks")
    ada = user("tracer", "ada")
    with pytest.raises(ApprovalNeeded, match="2 hosts, more than the 1"):
        start(ada, order)
    request = ask(ada, order, 60, break_glass=False)
    requests.approve(user("approver", "bob"), str(request.pk), None)
    session = start_approved(ada, str(request.pk))
    assert not Envelope.FromString(bytes(session.envelope)).HasField("consent")


def test_others_are_told_why(user: MakeUser) -> None:
    make_host("web-1", approvals_needed=1)
    with pytest.raises(Invalid, match="say why"):
        ask(user("tracer"), Order("sslsniff"), 60, break_glass=False)


def test_break_glass_without_signatures_is_approved_at_once_and_reviewed_after(user: MakeUser) -> None:
    request = asked(user, tool="opensnoop", break_glass=True)
    assert request.state == RequestState.APPROVED
    start_approved(request.created_by, str(request.pk))
    assert Request.objects.get().review_due


GLASS = r"^session\.break_glass needs a grant as tracer in team default that may break the glass, yours may not; "


def test_nobody_breaks_the_glass_without_a_grant_that_says_so(user: MakeUser) -> None:
    """Neither asks for it, nor starts what they asked for before that was taken from them; it is on the record."""
    request = asked(user, tool="opensnoop", break_glass=True)
    ada, again = request.created_by, Order("opensnoop", hosts=request.hosts, reason="again")
    ada.grants.update(break_glass=False)
    for breaking in (lambda: ask(ada, again, 60, break_glass=True), lambda: start_approved(ada, str(request.pk))):
        with pytest.raises(Forbidden, match=GLASS):
            breaking()
    refused = AuditEntry.objects.filter(action="session.break_glass", outcome="refused")
    assert (refused.count(), Session.objects.exists()) == (2, False)
    assert ask(ada, again, 60, break_glass=False).state == RequestState.WAITING
    ada.grants.update(break_glass=True)
    start_approved(ada, str(request.pk))
    assert AuditEntry.objects.get(action="session.break_glass", outcome="done").session == request.pk


def test_of_two_starts_at_once_only_one_breaks_the_glass(committed: None, user: MakeUser) -> None:
    first = asked(user, tool="opensnoop", break_glass=True)
    again = Order("opensnoop", hosts=first.hosts, reason="again")
    both = [first, ask(first.created_by, again, 60, break_glass=True)]
    ready = threading.Barrier(len(both))

    def begun(request: Request) -> bool:
        ready.wait(10)
        try:
            return bool(start_approved(User.objects.get(username="ada"), str(request.pk)))
        except Conflict:
            return False

    with ThreadPoolExecutor(len(both)) as threads:
        assert sorted(threads.map(begun, both)) == [False, True]
        close_connections(threads)
    assert Session.objects.count() == 1


def test_who_broke_the_glass_breaks_it_again_once_it_was_reviewed(user: MakeUser) -> None:
    request = asked(user, tool="opensnoop", break_glass=True)
    ada = request.created_by
    again = Order("opensnoop", hosts=request.hosts, reason="again")
    ready = ask(ada, again, 60, break_glass=True)
    start_approved(ada, str(request.pk))
    for breaking in (lambda: ask(ada, again, 60, break_glass=True), lambda: start_approved(ada, str(ready.pk))):
        with pytest.raises(Conflict, match=f"request {request.pk} broke the glass and nobody has reviewed it"):
            breaking()
    assert AuditEntry.objects.filter(action="session.start", outcome="refused").count() == 2
    assert ask(ada, again, 60, break_glass=False).state == RequestState.WAITING
    requests.review(user("approver", "bob"), str(request.pk), "it was right")
    assert start_approved(ada, str(ready.pk)).pk == ready.pk


def test_a_team_goes_only_once_what_broke_the_glass_was_reviewed(user: MakeUser) -> None:
    request = asked(user, tool="opensnoop", break_glass=True)
    Request.objects.update(state=RequestState.STARTED, team=team("night"))
    admin = user("admin")
    with pytest.raises(Conflict, match="nobody agreed to still has to be reviewed"):
        teams.remove(admin, team("night"))
    requests.review(user("approver", "bob"), str(request.pk), "it was right")
    teams.remove(admin, team("night"))
    assert not Request.objects.exists()
