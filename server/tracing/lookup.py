"""Finding a session by its id or an unambiguous beginning of it, as far as a person may do something with it."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from typing import Any

from django.db.models import QuerySet

from server.accounts.policy import Action, Actor, decide, require
from server.errors import Forbidden, Invalid, NotFound
from server.tracing import rights
from server.tracing.models import Session

MIN_PREFIX = 8
_HEX = re.compile(r"[0-9a-f]{1,32}")


def permitted(actor: Actor, text: str, action: Action, detail: dict[str, Any] | None = None) -> Session:
    """The session, if the person may do this with it; else the refusal is on the record. Raises ApiError.

    One of which the person may not even know is not told apart from one that does not exist.
    """
    session = _known(actor, text, action, detail)
    _require(actor, session, action, detail)
    return session


def _require(actor: Actor, session: Session, action: Action, detail: dict[str, Any] | None) -> None:
    about = rights.about(session, actor)
    hosts = [place.name for place in about.hosts]
    require(actor, action, about, tool=session.tool, hosts=hosts, session=session.pk, detail=detail)


def _known(actor: Actor, text: str, action: Action, detail: dict[str, Any] | None) -> Session:
    if not decide(actor, Action.SESSION_LIST).allowed:
        require(actor, action, detail=detail)
    named = _named(text)
    found = list(named.filter(pk__in=rights.sessions_for(actor).values("pk"))[:2])
    if len(found) > 1:
        raise Invalid(f"several sessions begin with {text}; give more of the id")
    if found:
        return found[0]
    hidden = named.first()
    if hidden is not None:
        with suppress(Forbidden):
            _require(actor, hidden, action, detail)
    raise NotFound(
        f"there is no session {text[:64]} that you may see; `fleetscope sessions` lists those, and who runs another "
        "can share it with you"
    )


def _named(text: str) -> QuerySet[Session]:
    digits = text.lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        raise NotFound(f"{text[:64]!r} is no session id; `fleetscope sessions` lists them")
    if len(digits) < MIN_PREFIX:
        raise Invalid(f"{text!r} is too short: give at least the first {MIN_PREFIX} characters of the session's id")
    first = uuid.UUID(hex=digits.ljust(32, "0"))
    last = uuid.UUID(hex=digits.ljust(32, "f"))
    named = Session.objects.select_related("created_by", "team").defer("envelope", "signature")
    return named.filter(id__gte=first, id__lte=last)
