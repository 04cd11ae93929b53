"""Sessions over HTTP: start, look, stop, delete. Rows, exports and queries are in `data_api.py`."""

from __future__ import annotations

from typing import Any

from django.db.models import Manager, QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Status

from proto.v1.stream_pb2 import EndCause
from server.accounts.auth import person
from server.accounts.policy import Action, require
from server.audit.record import record, record_once
from server.errors import Conflict
from server.tracing import lifecycle, listings, schemas, storage
from server.tracing.keeping import require_deletable
from server.tracing.lookup import permitted
from server.tracing.models import Session
from server.tracing.removal import remove
from server.tracing.render import RUNS, program_out, session_out
from server.tracing.rights import by_share, sessions_for
from server.tracing.start import Order, start

router = Router(tags=["sessions"])


@router.post("", response={201: schemas.SessionOut}, by_alias=True)
def start_session(request: HttpRequest, body: schemas.NewSession) -> Status[dict[str, Any]]:
    return Status(201, session_out(start(person(request), order_of(body))))


def order_of(body: schemas.NewSession) -> Order:
    return Order(
        tool=body.tool,
        hosts=body.hosts,
        labels=body.labels,
        params=body.params,
        filters=body.filters.model_dump(exclude_none=True, exclude_defaults=True),
        limits={name: value for name, value in body.limits.model_dump().items() if value},
        team=body.team,
        risk=int(body.risk[1]) if body.risk else None,
        reason=body.reason,
        reveal=body.reveal,
    )


@router.get("", response=schemas.SessionPage, by_alias=True)
def list_sessions(request: HttpRequest, query: Query[schemas.SessionQuery]) -> dict[str, Any]:
    """Newest first."""
    actor = person(request)
    require(actor, Action.SESSION_LIST)
    wanted = {"tool": query.tool, "state": query.state, "created_by__username": query.user, "team__name": query.team}
    sessions = _shown(sessions_for(actor)).filter(**{name: value for name, value in wanted.items() if value})
    page = sessions[query.offset : query.offset + query.limit]
    return {"items": [session_out(session, verify=False) for session in page], "total": sessions.count()}


@router.get("/{session}", response=schemas.SessionOut, by_alias=True)
def get_session(request: HttpRequest, session: str) -> dict[str, Any]:
    """By id or by its first 8 or more characters. Looking at its rows is what the audit records."""
    return session_out(permitted(person(request), session, Action.SESSION_LIST))


@router.get("/{session}/program", response=schemas.ProgramOut)
def get_program(request: HttpRequest, session: str, host: str = "") -> dict[str, Any]:
    """The BPF program of a run: its C text as compiled, its bytecode, the verifier's log if it was refused."""
    actor = person(request)
    found = permitted(actor, session, Action.SESSION_LIST)
    run, listing = listings.of_session(found, host)
    about: dict[str, Any] = {"tool": found.tool, "hosts": [run.host.name], "session": found.id, "reason": found.reason}
    detail = {"program": run.host.name, **by_share(found, actor, Action.SESSION_LIST)}
    record_once(Action.SESSION_VIEW, actor.username, **about, detail=detail)
    return program_out(run, listing)


@router.post("/{session}/stop", response=schemas.SessionOut, by_alias=True)
def stop_session(request: HttpRequest, session: str) -> dict[str, Any]:
    """Returns at once; the runs end when their hosts have closed the books."""
    actor = person(request)
    found = permitted(actor, session, Action.SESSION_STOP)
    runs = list(lifecycle.open_runs().filter(session=found).select_related("host"))
    about: dict[str, Any] = {"tool": found.tool, "session": found.id, "reason": found.reason}
    record(Action.SESSION_STOP, actor.username, hosts=[run.host.name for run in runs], **about)
    lifecycle.stop(found.id, runs, EndCause.END_CAUSE_STOPPED, f"stopped by {actor.username}", actor.username)
    return session_out(_shown(Session.objects).get(pk=found.pk))


@router.delete("/{session}", response={204: None})
def delete_session(request: HttpRequest, session: str) -> Status[None]:
    """Its rows too. What was done with it stays in the audit."""
    actor = person(request)
    found = permitted(actor, session, Action.SESSION_DELETE)
    running = [
        run.host.name
        for run in lifecycle.open_runs().filter(session=found).select_related("host")
        if run.host.state == "online"
    ]
    if running:
        raise Conflict(f"the session still runs on {', '.join(running)}; stop it first")
    require_deletable(found, storage.bounds().classes)
    remove(found, Action.SESSION_DELETE, actor.username)
    return Status(204, None)


def _shown(sessions: QuerySet[Session] | Manager[Session]) -> QuerySet[Session]:
    return sessions.select_related("created_by", "team").defer("envelope", "signature").prefetch_related(RUNS)
