from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.db.models import F
from django.utils import timezone

from server.accounts.models import Grant, Risk, User
from server.accounts.policy import Action
from server.accounts.standing import Entrance
from server.audit.models import AuditEntry
from server.errors import ApiError, Conflict, Forbidden, Invalid, NotFound
from server.tracing import sharing
from server.tracing.looking import lost
from server.tracing.lookup import permitted
from server.tracing.models import Session, Share
from server.tracing.rights import holding, sessions_for
from server.tracing.sharing import Terms, give, open_link, revoke, shares_of
from tests.server.people import grant, team
from tests.server.tracing.sessions import encrypted, traced

pytestmark = pytest.mark.django_db
MakeUser = Callable[..., User]


@pytest.fixture
def ann(user: MakeUser) -> User:
    return user("tracer", "ann")


@pytest.fixture
def session(ann: User) -> Session:
    return traced(ann).session


@pytest.fixture
def bob(user: MakeUser) -> User:
    """Looks at sessions of another team."""
    made = user("", "bob")
    grant(made, "viewer", team("web"), risk=Risk.S2)
    return made


def entries(action: str) -> list[tuple[str, str, dict[str, object]]]:
    found = AuditEntry.objects.filter(action=action).order_by("id")
    return [(entry.actor, entry.outcome, entry.detail) for entry in found]


def refusal(call: Callable[[], object], kind: type[ApiError]) -> str:
    with pytest.raises(kind) as caught:
        call()
    return caught.value.message


def test_a_share_opens_and_revoking_it_closes(ann: User, bob: User, session: Session) -> None:
    text = str(session.pk)
    assert list(sessions_for(bob)) == []
    share, secret = give(ann, text, Terms(person="BOB"))
    assert secret == ""
    assert list(sessions_for(bob)) == [session]
    assert lost(Entrance(bob.pk, ""), session.pk) == ""
    revoke(ann, text, share.pk)
    assert list(sessions_for(bob)) == []
    assert "needs the role" in lost(Entrance(bob.pk, ""), session.pk)
    facts = {"share": share.pk, "with": "person bob", "given_by": "ann", "expires_at": None}
    assert entries("session.share") == [("ann", "done", facts)]
    assert entries("session.unshare") == [("ann", "done", facts)]


def test_giving_once_more_changes_the_end(ann: User, bob: User, session: Session) -> None:
    first, _ = give(ann, str(session.pk), Terms(person=bob.username))
    again, _ = give(ann, str(session.pk), Terms(person=bob.username, hours=2))
    assert again.pk == first.pk
    assert again.expires_at is not None
    assert Share.objects.count() == 1


def test_a_team_gets_it_and_who_leaves_the_team_loses_it(ann: User, bob: User, session: Session) -> None:
    team("web").members.add(bob)
    give(ann, str(session.pk), Terms(team="web"))
    assert list(sessions_for(bob)) == [session]
    team("web").members.remove(bob)
    assert list(sessions_for(bob)) == []


def test_a_link_opens_for_who_comes_in_by_it_and_is_kept_as_a_digest(ann: User, bob: User, session: Session) -> None:
    text = str(session.pk)
    link, secret = give(ann, text, Terms())
    assert len(secret) >= 43
    assert link.expires_at is not None
    assert secret not in str(list(Share.objects.values()) + list(AuditEntry.objects.values()))
    assert list(sessions_for(bob)) == []
    for _ in range(2):
        assert open_link(bob, text, secret) == session
    assert list(sessions_for(bob)) == [session]
    assert entries("session.view") == [("bob", "done", {"share": link.pk, "given_by": "ann"})]
    assert [(one["id"], one["opened_by"]) for one in shares_of(ann, text)] == [(link.pk, ["bob"])]
    revoke(ann, text, link.pk)
    assert list(sessions_for(bob)) == []
    assert "has ended" in refusal(lambda: open_link(bob, text, secret), NotFound)


def test_what_came_in_by_a_link_ends_with_it(ann: User, bob: User, session: Session) -> None:
    _, secret = give(ann, str(session.pk), Terms(hours=1))
    open_link(bob, str(session.pk), secret)
    Share.objects.update(expires_at=F("expires_at") - datetime.timedelta(hours=1))
    assert lost(Entrance(bob.pk, ""), session.pk) != ""
    assert shares_of(ann, str(session.pk)) == []
    assert "has ended" in refusal(lambda: open_link(bob, str(session.pk), secret), NotFound)


def test_wrong_secrets_are_on_the_record_and_tell_nothing(ann: User, bob: User, session: Session) -> None:
    _, secret = give(ann, str(session.pk), Terms())
    other = traced(ann).session
    said = {refusal(lambda: open_link(bob, str(pk), text), NotFound) for pk, text in (  # noqa: B023
        (session.pk, "guessed"), (session.pk, ""), (other.pk, secret), ("0" * 32, secret),
    )}  # fmt: skip
    assert len(said) == 1
    refused = AuditEntry.objects.filter(actor="bob", action="session.view", outcome="refused")
    assert {entry.session for entry in refused} == {session.pk, other.pk, None}
    assert list(sessions_for(bob)) == []


def test_it_raises_nobodys_class_hosts_or_role(ann: User, user: MakeUser, session: Session) -> None:
    _, secret = give(ann, str(session.pk), Terms())
    for name, role, limits in (
        ("low", "viewer", {"risk": Risk.S1}),
        ("far", "viewer", {"host_names": ["elsewhere"]}),
        ("approves", "approver", {}),
        ("nobody", "", {}),
    ):
        person = user("", name)
        if role:
            grant(person, role, team("web"), **limits)
        give(ann, str(session.pk), Terms(person=name))
        refusal(lambda: open_link(person, str(session.pk), secret), Forbidden)  # noqa: B023
        assert not sessions_for(person, Action.SESSION_VIEW).exists(), name
    problems = {one["person"]: one["problem"] for one in shares_of(ann, str(session.pk)) if one["person"]}
    assert problems["low"] == "low has no grant up to class S2 on its hosts; an admin can give one"
    assert all(problems.values())


def test_it_holds_while_who_gave_it_may_give_it(ann: User, bob: User, session: Session) -> None:
    text = str(session.pk)
    _, secret = give(ann, text, Terms())
    give(ann, text, Terms(person="bob"))
    open_link(bob, text, secret)
    Grant.objects.filter(person=ann).update(risk=Risk.S1)
    assert list(sessions_for(bob)) == []
    assert lost(Entrance(bob.pk, ""), session.pk) != ""
    assert "has ended" in refusal(lambda: open_link(bob, text, secret), NotFound)
    Grant.objects.filter(person=ann).update(risk=Risk.S2)
    assert list(sessions_for(bob)) == [session]
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert list(sessions_for(bob)) == []


def test_an_admin_sees_and_revokes_what_others_gave(ann: User, bob: User, user: MakeUser, session: Session) -> None:
    text, admin = str(session.pk), user("", "ada")
    grant(admin, "admin", None)
    share, _ = give(ann, text, Terms(person="bob"))
    Grant.objects.filter(person=ann).delete()
    (shown,) = shares_of(admin, text)
    assert shown["problem"] == "ann may no longer share the session, so this opens nothing"
    assert "up to S1" in refusal(lambda: give(admin, text, Terms(person="bob")), Forbidden)
    revoke(admin, text, share.pk)
    assert "no share" in refusal(lambda: revoke(admin, text, share.pk), NotFound)


def test_plaintext_is_shared_by_name_and_never_by_a_link(ann: User, bob: User) -> None:
    text = str(encrypted(ann).session.pk)
    Session.objects.update(risk=Risk.S3)
    assert "which no link opens" in refusal(lambda: give(ann, text, Terms()), Forbidden)
    give(ann, text, Terms(person="bob"))
    assert list(sessions_for(bob)) == [], "bob reads up to S2"
    Grant.objects.filter(person=bob).update(risk=Risk.S3)
    link = Share.objects.create(session_id=text, digest="one that there should not be", created_by=ann)
    assert list(holding(Share.objects.filter(pk=link.pk))) == []
    assert [str(found.pk) for found in sessions_for(bob)] == [text]


def test_what_is_refused(ann: User, bob: User, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    text = str(session.pk)
    refusal(lambda: give(bob, text, Terms(person="ann")), NotFound)
    give(ann, text, Terms(person="bob"))
    refusal(lambda: give(bob, text, Terms(person="ann")), Forbidden)
    assert "name one of them" in refusal(lambda: give(ann, text, Terms(person="bob", team="web")), Invalid)
    assert "no active user 'nobody'" in refusal(lambda: give(ann, text, Terms(person="nobody")), NotFound)
    assert "no team 'nowhere'" in refusal(lambda: give(ann, text, Terms(team="nowhere")), NotFound)
    assert "already" in refusal(lambda: give(ann, text, Terms(person="ann")), Invalid)
    monkeypatch.setattr(sharing, "MOST", 1)
    assert "revoke what is not needed" in refusal(lambda: give(ann, text, Terms()), Conflict)
    Share.objects.update(expires_at=timezone.now())
    give(ann, text, Terms())
    assert permitted(ann, text, Action.SESSION_SHARE) == session
