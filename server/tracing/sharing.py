"""Sharing a session with a person, a team, or by a link: made, opened and revoked, each on the record."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import uuid
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from server import nudge
from server.accounts import teams
from server.accounts.models import Team, User
from server.accounts.policy import Action, decide, require
from server.audit.record import record, record_once
from server.errors import Conflict, Invalid, NotFound
from server.tracing.lookup import permitted
from server.tracing.models import Session, Share
from server.tracing.rights import about, holding

MOST = 100  # of one session
LINK_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class Terms:
    """With a `person` or the members of a `team`; with neither it is a link, which always ends. `hours` 0: no end."""

    person: str = ""
    team: str = ""
    hours: int = 0

    @property
    def link(self) -> bool:
        return not self.person and not self.team

    @property
    def facts(self) -> dict[str, Any]:
        """For the audit."""
        return {"with": f"person {self.person}" if self.person else f"team {self.team}" if self.team else "a link"}


def give(actor: User, text: str, terms: Terms) -> tuple[Share, str]:
    """The share, and the secret of a link, which is kept nowhere. Once more with the same: its end changes.

    Raises ApiError.
    """
    session = permitted(actor, text, Action.SESSION_SHARE, terms.facts)
    asked = replace(about(session, actor), link=terms.link)
    require(actor, Action.SESSION_SHARE, asked, session=session.pk, detail=terms.facts, **_facts(session))
    person, team = _recipient(actor, terms)
    hours = terms.hours or (LINK_HOURS if terms.link else 0)
    expires = timezone.now() + datetime.timedelta(hours=hours) if hours else None
    secret = secrets.token_urlsafe(32) if terms.link else ""
    with transaction.atomic():
        Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
        known = {"session": session, "created_by": actor, "person": person, "team": team, "through": None}
        share = Share.objects.filter(**known, digest="").first() or Share(**known)  # of a link there is none
        share.digest = _digest(secret) if secret else ""
        share.expires_at = expires
        _require_room(share)
        share.save()
        _note(actor, Action.SESSION_SHARE, share)
        nudge.session_changed(session.pk)
    return share, secret


def revoke(actor: User, text: str, number: int) -> None:
    """Whoever looks by it stops looking at once. Raises ApiError."""
    session = permitted(actor, text, Action.SESSION_UNSHARE, {"share": number})
    with transaction.atomic():
        share = session.shares.select_related("person", "team", "created_by").filter(pk=number, through=None).first()
        if share is None:
            raise NotFound(f"the session has no share {number} any more; list them again")
        _note(actor, Action.SESSION_UNSHARE, share)
        share.delete()
        nudge.access_changed()
        nudge.session_changed(session.pk)


def open_link(actor: User, text: str, secret: str) -> Session:
    """From now on the session is shared with this person, as long as the link lasts. Raises ApiError."""
    links = Share.objects.select_related("session__team", "session__created_by", "created_by")
    link = holding(links.filter(session=_id(text), digest=_digest(secret))).first()
    if link is None:
        _refuse(actor, text)
    session = link.session
    detail = {"share": link.pk, "given_by": link.created_by.username}
    facts = {"session": session.pk, "detail": detail, **_facts(session)}
    require(actor, Action.SESSION_VIEW, replace(about(session, actor), shared=True), **facts)
    if link.created_by != actor:
        with transaction.atomic():
            given = {"created_by": link.created_by, "expires_at": link.expires_at}
            _, new = Share.objects.get_or_create(session=session, person=actor, through=link, defaults=given)
            if new:
                record(Action.SESSION_VIEW, actor.username, **facts)
                nudge.session_changed(session.pk)
    return session


def shares_of(actor: User, text: str) -> list[dict[str, Any]]:
    """Newest first, without those that have expired. Raises ApiError."""
    session = permitted(actor, text, Action.SESSION_UNSHARE)
    made = session.shares.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), through=None)
    found = made.select_related("person", "team", "created_by").prefetch_related("opened__person").order_by("-pk")
    holds = set(holding(session.shares.all()).values_list("pk", flat=True))
    return [share_out(session, share, holds=share.pk in holds) for share in found]


def share_out(session: Session, share: Share, *, holds: bool = True) -> dict[str, Any]:
    return {
        "id": share.pk,
        "person": share.person.username if share.person else None,
        "team": share.team.name if share.team else None,
        "given_by": share.created_by.username,
        "created_at": share.created_at,
        "expires_at": share.expires_at,
        "opened_by": sorted(opened.person.username for opened in share.opened.all() if opened.person),
        "problem": _problem(session, share, holds=holds),
    }


def _problem(session: Session, share: Share, *, holds: bool) -> str:
    """Why it opens nothing; empty: it does, or nobody can tell yet."""
    if not holds:
        return f"{share.created_by.username} may no longer share the session, so this opens nothing"
    if share.person is None:
        return ""
    asked = replace(about(session, share.person), shared=True)
    if decide(share.person, Action.SESSION_VIEW, asked).allowed:
        return ""
    return f"{share.person.username} has no grant up to class S{session.risk} on its hosts; an admin can give one"


def _recipient(actor: User, terms: Terms) -> tuple[User | None, Team | None]:
    if terms.person and terms.team:
        raise Invalid("a share is for one person or for one team; name one of them", field="person")
    person = User.objects.by_name(terms.person) if terms.person else None
    if terms.person and person is None:
        raise NotFound(f"there is no active user {terms.person[:64]!r}; check how the name is written", field="person")
    if person == actor:
        raise Invalid("you may look at it already; name somebody else", field="person")
    return person, teams.named(terms.team) if terms.team else None


def _require_room(share: Share) -> None:
    """Those that have ended make room."""
    session = share.session
    session.shares.filter(expires_at__lte=timezone.now()).exclude(pk=share.pk).delete()
    if share._state.adding and session.shares.filter(through=None).count() >= MOST:
        raise Conflict(f"the session is shared {MOST} times already; revoke what is not needed, or share with a team")


def _refuse(actor: User, text: str) -> NoReturn:
    session = Session.objects.filter(pk=_id(text)).first()
    problem = "this link has ended, was revoked, or never was; ask who gave it to you for another"
    detail = {"refusal": problem}
    facts = {"session": session.pk, **_facts(session)} if session else {"session": None}
    record_once(Action.SESSION_VIEW, actor.username, "refused", detail=detail, **facts)
    raise NotFound(problem)


def _note(actor: User, action: Action, share: Share) -> None:
    names = Terms(share.person.username if share.person else "", share.team.name if share.team else "")
    ends = share.expires_at.isoformat() if share.expires_at else None
    detail = {"share": share.pk, **names.facts, "given_by": share.created_by.username, "expires_at": ends}
    record(action, actor.username, session=share.session_id, detail=detail, **_facts(share.session))


def _facts(session: Session) -> dict[str, Any]:
    hosts = sorted(session.runs.values_list("host__name", flat=True))
    return {"tool": session.tool, "hosts": hosts, "reason": session.reason}


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(f"{text[:64]!r} is no session id; open the whole address that you were given") from None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
