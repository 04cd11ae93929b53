"""Asking for a session that needs agreement, and starting it, unchanged, once people have agreed."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone

from bpf.dynamic import dynamic_stream
from proto.specification import Terms, read_terms, specification
from proto.v1.agent_pb2 import Consent, Envelope, PersonSignature
from server.accounts.models import Risk, User
from server.accounts.policy import Action, decide, require
from server.audit.record import record
from server.catalog.tools import find as find_tool
from server.consent import requests
from server.consent.models import Part, Request, RequestState, Voice
from server.consent.rights import about, permitted
from server.consent.rules import Need, need
from server.errors import ApiError, AuditUnavailable, Conflict, Forbidden, Invalid
from server.fleet.models import Host
from server.tracing import session_keys
from server.tracing.launch import add_key, launch
from server.tracing.models import Session
from server.tracing.start import Checked, Order, about_start, actions, allowed, draft_of
from server.tracing.targets import check_ready


def ask(user: User, order: Order, minutes: int, *, break_glass: bool) -> Request:
    """A request that waits for people. Raises ApiError; the refusal stands in the audit."""
    checked = allowed(
        user,
        order,
        lambda found: _require_askable(user, order, found, break_glass=break_glass),
        break_glass=break_glass,
    )
    wanted = _need(checked)
    draft = draft_of(user, order, checked)
    add_key(draft)
    now = timezone.now().replace(microsecond=0)
    expires = now + datetime.timedelta(minutes=minutes)
    terms = Terms(int(now.timestamp()), int(expires.timestamp()), break_glass)
    request = Request(
        id=uuid.UUID(bytes=draft.session_id),
        created_by=user,
        expires_at=expires,
        team=checked.team,
        risk=checked.risk,
        tool=draft.tool,
        hosts=[target.host_name for target in draft.runs],
        reason=order.reason,
        why=wanted.why[:500],
        needed=wanted.people,
        signed=wanted.signed,
        break_glass=break_glass,
        specification=specification(draft, terms),
        draft=draft.SerializeToString(deterministic=True),
    )
    try:
        with transaction.atomic():
            requests.create(request)
            requests.settle(request)
    except DatabaseError as error:
        raise AuditUnavailable(f"the request could not be recorded, so nobody was asked: {error}") from error
    return request


def start_approved(user: User, request_id: str) -> Session:
    """By who asked, once, exactly as it was agreed to. Raises ApiError."""
    request = permitted(user, request_id, Action.SESSION_START)
    draft = Envelope.FromString(bytes(request.draft))
    with _refusal_on_record(user, request):
        _require_asker(user, request)
        hosts = _unchanged(request, draft)
    asked = about_start(request.team, hosts, Risk(request.risk), draft.tool, draft.limits)
    for action in actions(reveal=draft.reveal, break_glass=request.break_glass):
        require(user, action, asked, tool=request.tool, hosts=request.hosts, session=request.pk)
    try:
        with _refusal_on_record(user, request), transaction.atomic():
            if request.break_glass:
                User.objects.select_for_update().get(pk=user.pk)  # two starts at once: the second sees the first
                _require_reviewed(user)
            request = Request.objects.select_for_update(of=("self",)).select_related("created_by").get(pk=request.pk)
            _check_startable(request)
            requests.started(request)
            return launch(user, _consented(request, draft), _facts(request))
    except DatabaseError as error:
        raise AuditUnavailable(f"the start could not be recorded, so nothing was started: {error}") from error


@contextmanager
def _refusal_on_record(user: User, request: Request) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        record(
            Action.SESSION_START,
            user.username,
            "refused",
            tool=request.tool,
            hosts=request.hosts,
            session=request.pk,
            reason=request.reason,
            detail={"request": str(request.pk), "refusal": error.message},
        )
        raise


def _require_askable(user: User, order: Order, checked: Checked, *, break_glass: bool) -> None:
    if break_glass:
        _require_reviewed(user)
    if not order.reason.strip():
        raise Invalid("say why: others will agree to the reason too", field="reason")
    _need(checked)


def _require_reviewed(user: User) -> None:
    """Who broke the glass before breaks it again only once somebody has looked at why."""
    if problem := requests.unreviewed(user):
        raise Conflict(problem)


def _need(checked: Checked) -> Need:
    """Also where the server cannot tell what a host will find: people may ask for more agreement than it would."""
    found = need(checked.risk, checked.hosts)
    if found is None and dynamic_stream(checked.tool.tool) is not None:
        found = need(Risk.S3, checked.hosts)
    return found or Need(1, signed=False, why="whoever asks wants it approved")


def _require_asker(user: User, request: Request) -> None:
    if request.created_by_id != user.pk:
        raise Forbidden(f"only {request.created_by.username}, who asked, starts it")


def _check_startable(request: Request) -> None:
    if request.state == RequestState.APPROVED and request.expired:
        raise Conflict("the request has expired; ask again")
    if request.state != RequestState.APPROVED:
        raise Conflict(f"the request is {request.state}, not approved: {request.state_message or 'people must agree'}")
    for lost in _agreement_lost(request):
        raise Conflict(f"{lost}; ask again")


def _unchanged(request: Request, draft: Envelope) -> list[Host]:
    """Its hosts, if what people agreed to still means the same; else the request is void. Raises Conflict."""
    known = find_tool(draft.tool)
    problems = []
    if specification(draft, read_terms(bytes(request.specification))) != bytes(request.specification):
        problems.append("what is stored is not what people agreed to")
    if request.team.name != draft.team:
        problems.append(f"the team {draft.team} was renamed")
    if known.digest != draft.tool_digest:
        problems.append(f"{draft.tool} was updated")
    ids = {target.host_id: target.host_name for target in draft.runs}
    hosts = list(Host.objects.filter(id__in=list(ids), revoked_at=None))
    now = {str(host.id): host.name for host in hosts}
    problems += [f"{name} was renamed or has left" for pk, name in ids.items() if now.get(pk) != name]
    if draft.payload_key and not session_keys.exists(request.pk):
        problems.append("the key of its rows was destroyed")
    problems += _agreement_lost(request)
    if problems and request.state in (RequestState.WAITING, RequestState.APPROVED):
        requests.void(request, "; ".join(problems))
    if problems:
        raise Conflict(f"the request is void, ask again: {'; '.join(problems)}")
    check_ready(hosts, known)
    return hosts


def _agreement_lost(request: Request) -> list[str]:
    """Approvals count while who gave them may still give them."""
    if request.state != RequestState.APPROVED or request.break_glass:
        return []
    gave = {voice.person.username for voice in request.voices.select_related("person") if voice.part == Part.APPROVER}
    counting = {voice.person.username for voice in _counting(request) if voice.part == Part.APPROVER}
    names = ", ".join(sorted(gave - counting))
    return [f"{names} may no longer approve it"] if len(counting) < request.needed else []


def _counting(request: Request) -> list[Voice]:
    voices, asked = request.voices.select_related("person"), about(request)
    return [
        voice
        for voice in voices
        if voice.part != Part.APPROVER or decide(voice.person, Action.SESSION_APPROVE, asked).allowed
    ]


def _consented(request: Request, draft: Envelope) -> Envelope:
    voices = _counting(request)
    signatures = [PersonSignature.FromString(bytes(voice.signature)) for voice in voices if voice.signature]
    if signatures:
        draft.consent.CopyFrom(Consent(specification=bytes(request.specification), signatures=signatures))
    draft.approvals.extend(voice.person.username for voice in voices if voice.part == Part.APPROVER)
    return draft


def _facts(request: Request) -> dict[str, Any]:
    voices = _counting(request)
    said = [{"person": voice.person.username, "part": voice.part, "key": voice.key} for voice in voices]
    return {"request": str(request.pk), "break_glass": request.break_glass, "consent": said}
