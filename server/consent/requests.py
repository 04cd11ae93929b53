"""How a request changes: somebody asks, signs, agrees, denies, withdraws; time passes. Each step is in the audit."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from server import nudge
from server.accounts import passkeys
from server.accounts.models import User
from server.audit.record import record
from server.consent import telling
from server.consent.models import OPEN, Part, Request, RequestState, Voice
from server.consent.signing import SignatureIn, read_signature
from server.errors import Conflict, Forbidden, Invalid, NotFound

_LINE = 500


def create(request: Request) -> None:
    """On record, and told to everybody who may agree."""
    with transaction.atomic():
        request.save(force_insert=True)
        telling.tell_made(request)
        _noted(request, "request.ask", request.created_by.username, {"why": request.why})


def unreviewed(user: User) -> str:
    """Why this person breaks no glass now: they did, and nobody has reviewed it; empty: nothing is left to review."""
    own = Request.objects.filter(created_by=user, break_glass=True, state=RequestState.STARTED, reviewed_by=None)
    found = own.order_by("created_at").first()
    if found is None:
        return ""
    return f"request {found.pk} broke the glass and nobody has reviewed it; have it reviewed, or ask for approval"


def find(request_id: str) -> Request:
    """Raises NotFound."""
    try:
        pk = uuid.UUID(request_id)
    except ValueError:
        pk = uuid.UUID(int=0)
    found = Request.objects.select_related("created_by", "reviewed_by", "team").filter(pk=pk).first()
    if found is None:
        raise NotFound(missing(request_id))
    return found


def missing(request_id: str) -> str:
    """What is said of a request that does not exist, or not for this person."""
    return f"there is no request {request_id[:64]} that you may see; `fleetscope requests` lists those"


def sign(user: User, request_id: str, given: SignatureIn) -> Request:
    """By who asked. Raises NotFound, Conflict, Forbidden or Invalid."""
    with _changing(request_id, user, "request.sign") as request:
        if request.created_by_id != user.pk:
            raise Forbidden(f"only {request.created_by.username}, who asked, signs it so; approve or deny it instead")
        _require_state(request, RequestState.WAITING)
        _say(request, user, Part.REQUESTER, given)
        settle(request)
    return request


def approve(user: User, request_id: str, given: SignatureIn | None) -> Request:
    """By somebody else. Raises NotFound, Conflict, Forbidden or Invalid."""
    with _changing(request_id, user, "request.approve") as request:
        _require_another(request, user)
        _require_state(request, RequestState.WAITING)
        if request.break_glass:
            raise Conflict("this is break-glass: nobody agrees before; review it after it has started")
        if request.signed and given is None:
            raise Invalid("hosts want this signed: approve it with your key or passkey", field="signature")
        _say(request, user, Part.APPROVER, given)
        settle(request)
    return request


def deny(user: User, request_id: str, reason: str) -> Request:
    """Wins over every approval until the session has started. Raises NotFound, Conflict or Forbidden."""
    with _changing(request_id, user, "request.deny", reason) as request:
        _require_another(request, user)
        _require_state(request, *OPEN)
        Voice.objects.create(request=request, person=user, part=Part.DENIER, reason=reason[:_LINE])
        _move(request, RequestState.DENIED, f"denied by {user.username}: {reason}")
    return request


def withdraw(user: User, request_id: str) -> Request:
    """By who asked. Raises NotFound, Conflict or Forbidden."""
    with _changing(request_id, user, "request.withdraw") as request:
        if request.created_by_id != user.pk:
            raise Forbidden(f"only {request.created_by.username}, who asked, withdraws it; deny it instead")
        _require_state(request, *OPEN)
        _move(request, RequestState.VOID, f"withdrawn by {user.username}")
    return request


def review(user: User, request_id: str, text: str) -> Request:
    """Of break-glass, afterwards, by somebody else. Raises NotFound, Conflict or Forbidden."""
    with _changing(request_id, user, "request.review", text) as request:
        _require_another(request, user)
        if not request.review_due:
            raise Conflict("there is nothing to review: only what broke the glass is, once, after it has started")
        request.reviewed_by, request.reviewed_at, request.review = user, timezone.now(), text
        request.save(update_fields=["reviewed_by", "reviewed_at", "review"])
    return request


def void(request: Request, why: str) -> None:
    """What it names has changed since people agreed."""
    with transaction.atomic():
        _move(request, RequestState.VOID, why)
        _noted(request, "request.void", request.created_by.username, {"refusal": why}, "refused")


def started(request: Request) -> None:
    """In the transaction of the session's start."""
    _move(request, RequestState.STARTED, "")
    nudge.fleet_changed("requests")


def expire() -> None:
    """For every second or so."""
    for pk in Request.objects.filter(state__in=OPEN, expires_at__lte=timezone.now()).values_list("pk", flat=True):
        with transaction.atomic():
            request = Request.objects.select_for_update(of=("self",)).select_related("created_by").get(pk=pk)
            if request.state in OPEN:
                _move(request, RequestState.EXPIRED, "nobody started it in time; ask again")
                _noted(request, "request.expire", request.created_by.username, {})


@contextmanager
def _changing(request_id: str, user: User, action: str, reason: str = "") -> Iterator[Request]:
    """One change at a time; refused ones are on record too."""
    request = find(request_id)
    try:
        with transaction.atomic():
            request = Request.objects.select_for_update(of=("self",)).select_related("created_by").get(pk=request.pk)
            yield request
            said = Voice.objects.filter(request=request, person=user).last()
            _noted(request, action, user.username, {"key": said.key} if said and said.key else {}, reason=reason)
    except (Conflict, Forbidden, Invalid) as error:
        _noted(request, action, user.username, {"refusal": error.message}, "refused", reason=reason)
        raise


def _require_another(request: Request, user: User) -> None:
    if request.created_by_id == user.pk:
        raise Forbidden("nobody agrees to what they asked for themselves; somebody else must")


def _require_state(request: Request, *states: RequestState) -> None:
    if request.state in OPEN and request.expired:
        raise Conflict("the request has expired; ask again")
    if request.state not in states:
        more = f" ({request.state_message})" if request.state_message else ""
        raise Conflict(
            f"the request is {request.state}{more}; only one that is {' or '.join(states)} can be changed so"
        )


def _say(request: Request, user: User, part: Part, given: SignatureIn | None) -> None:
    if Voice.objects.filter(request=request, person=user, part=part).exists():
        raise Conflict("you have said that already; once is enough")
    signature, key = _signature(request, user, given) if given else (b"", "")
    if key and request.voices.filter(key=key).exists():
        raise Conflict("this key has signed here already for somebody else: nobody agrees with themselves")
    Voice.objects.create(request=request, person=user, part=part, signature=signature, key=key)


def _signature(request: Request, user: User, given: SignatureIn) -> tuple[bytes, str]:
    """Serialised, and the fingerprint of its key. Raises Invalid."""
    own = [passkeys.person_key(passkey) for passkey in user.passkeys.all()]
    made, key = read_signature(given, bytes(request.specification), own)
    return made.SerializeToString(), key.fingerprint


def settle(request: Request) -> None:
    """Approved as soon as everybody who must has spoken. In a transaction."""
    parts = list(request.voices.values_list("part", flat=True))
    asked = not request.signed or Part.REQUESTER in parts
    if asked and (request.break_glass or parts.count(Part.APPROVER) >= request.needed):
        _move(request, RequestState.APPROVED, "")


def _move(request: Request, state: RequestState, message: str) -> None:
    request.state, request.state_message = state, " ".join(message.split())[:_LINE]
    request.save(update_fields=["state", "state_message"])
    telling.tell_moved(request)


def _noted(
    request: Request, action: str, actor: str, detail: dict[str, Any], outcome: str = "done", reason: str = ""
) -> None:
    facts = {"request": str(request.pk), "state": request.state, "asked_by": request.created_by.username, **detail}
    record(
        action,
        actor,
        outcome,
        tool=request.tool,
        hosts=request.hosts,
        session=request.pk,
        reason=reason or request.reason,
        detail=facts,
    )
    nudge.fleet_changed("requests")
