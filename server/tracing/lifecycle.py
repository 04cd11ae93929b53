"""How runs and sessions change state. Hosts report, people stop; nothing here ever starts a run again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from proto.shortform import enum_short, to_dict
from proto.v1.agent_pb2 import ResolvedTargets, RunUpdate
from proto.v1.stream_pb2 import EndCause, RunEnd
from server import nudge
from server.accounts.models import Risk
from server.audit.record import record
from server.tracing import totals
from server.tracing.ended_by import SERVER, ended_by
from server.tracing.models import FINAL, Run, RunState, Session, SessionState
from server.tracing.progress import Progress, changes, stored
from server.tracing.segments import segment_store

_LINE = 2000
_ANY = Q()
_NOTHING: Mapping[str, Any] = {}


def open_runs() -> QuerySet[Run]:
    return Run.objects.exclude(state__in=FINAL)


def accepted(run: uuid.UUID) -> None:
    """The host verified the envelope and wrote its own audit."""
    if Run.objects.filter(id=run, state=RunState.PENDING).update(state=RunState.ACCEPTED):
        _changed(run)


def targeted(run: uuid.UUID, targets: ResolvedTargets) -> None:
    """The host found out whom the filters mean there; on record on both sides before a probe is attached."""
    with transaction.atomic():
        if not open_runs().filter(id=run, targets=b"").update(targets=targets.SerializeToString()):
            return
        found = Run.objects.select_related("session__created_by", "host").get(id=run)
        record(
            "session.targets",
            found.session.created_by.username,
            tool=found.session.tool,
            hosts=[found.host.name],
            session=found.session_id,
            reason=found.session.reason,
            detail={"run": str(run), **to_dict(targets)},
        )
    nudge.session_changed(found.session_id)


def attached(run: uuid.UUID, update: RunUpdate) -> None:
    """Rows will follow, in the schema that is pinned here."""
    early = Run.objects.filter(id=run, state__in=(RunState.PENDING, RunState.ACCEPTED))
    changed = early.update(
        state=RunState.ATTACHED,
        started_at=timezone.now(),
        schema=update.schema.SerializeToString(),
        boot_ns=update.boot_ns,
        wall_ns=update.wall_ns,
    )
    if update.schema.HasField("encryption"):  # the host found more in it than the server could tell
        Session.objects.filter(runs=run).update(risk=Risk.S3)
    if changed:
        _changed(run)


def ending(run: uuid.UUID, end: RunEnd) -> None:
    """The host says that the run is over; the last of its rows may still be on their way."""
    if open_runs().filter(id=run).update(**_end_fields(end)):
        _changed(run)


def refuse(run: uuid.UUID, reason: str) -> None:
    """The host did not make the start. Final."""
    end = RunEnd(cause=EndCause.END_CAUSE_FAILED, message=_line(reason), ledger_known=True)
    _finish(run, RunState.REFUSED, end)


def fail(run: uuid.UUID, message: str) -> None:
    """What the host says of the run cannot be; nothing more is taken from it. On the record at once. Final."""
    with transaction.atomic():
        found = open_runs().select_related("session__created_by", "host").filter(id=run).first()
        if found is None:
            return
        record(
            "session.fail",
            found.session.created_by.username,
            "refused",
            tool=found.session.tool,
            hosts=[found.host.name],
            session=found.session_id,
            reason=found.session.reason,
            detail={"run": str(run), "refusal": _line(message)},
        )
        end = RunEnd(cause=EndCause.END_CAUSE_FAILED, message=message, ledger_known=False)
        _finish(run, RunState.ENDED, end, _by(SERVER))


def close(progress: Progress, end: RunEnd) -> None:
    """The run's last frame is stored."""
    _finish(progress.run, RunState.ENDED, end, changes(progress))


def close_stored(run: Run) -> bool:
    """Close a run whose last frame is stored although nobody wrote so here: the server died in between."""
    index = segment_store().index(run.session_id, run.id)
    if index.end is None:
        return False
    progress = stored(run.session_id, run.id)
    progress.ledger = index.ledger.SerializeToString() if index.ledger else None
    close(progress, index.end)
    return True


def lose(run: uuid.UUID, message: str, by: str = "") -> None:
    """It is known that no more rows will come, and nobody can say what is missing.

    ``by``: who did that; else the host.
    """
    end = RunEnd(cause=EndCause.END_CAUSE_RUNNER_DIED, message=message, ledger_known=False)
    session = Run.objects.values_list("session_id", flat=True).get(id=run)
    _finish(run, RunState.ENDED, end, {**changes(stored(session, run)), **_by(by)})


def stop(session: uuid.UUID, runs: Iterable[Run], cause: EndCause, message: str, by: str) -> None:
    """Ask for an end, by a person or `SERVER`; a start that has not left yet never leaves."""
    asked = list(runs)
    for run in asked:
        end = RunEnd(cause=cause, message=message, ledger_known=True)
        if _finish(run.id, RunState.ENDED, end, {"stop_by": by}, only=Q(state=RunState.PENDING, sent_at=None)):
            continue
        wanted = {"stop_cause": enum_short(EndCause.DESCRIPTOR, cause), "stop_message": message[:500], "stop_by": by}
        open_runs().filter(id=run.id, stop_cause="").update(**wanted)
    nudge.hosts(run.host_id for run in asked)
    nudge.session_changed(session)


def settle(session_id: uuid.UUID) -> None:
    """Bring the session's state in line with its runs'; its end is written to the audit."""
    with transaction.atomic():
        session = Session.objects.select_for_update().get(id=session_id)
        runs = list(session.runs.select_related("host").order_by("host__name"))
        state = _session_state(runs)
        if state == session.state or session.state == SessionState.ENDED:
            return
        session.state = state
        if state == SessionState.ENDED:
            session.ended_at = timezone.now()
            _record_end(session, runs)
        session.save(update_fields=["state", "ended_at"])


def _session_state(runs: list[Run]) -> SessionState:
    if all(run.final for run in runs):
        return SessionState.ENDED
    begun = any(run.state != RunState.PENDING for run in runs)
    return SessionState.RUNNING if begun else SessionState.PENDING


def _finish(
    run: uuid.UUID, state: RunState, end: RunEnd, fields: Mapping[str, Any] = _NOTHING, *, only: Q = _ANY
) -> bool:
    with transaction.atomic():
        now = timezone.now()
        chosen = open_runs().filter(only, id=run)
        if not chosen.update(state=state, ended_at=now, **_end_fields(end), **fields):
            return False
        totals.add(Run.objects.get(id=run))
        _changed(run)
    return True


def _by(by: str) -> dict[str, str]:
    """Whatever was asked before, that ended it."""
    return {"stop_by": by, "stop_cause": ""} if by else {}


def _changed(run: uuid.UUID) -> None:
    session = Run.objects.values_list("session_id", flat=True).get(id=run)
    settle(session)
    nudge.session_changed(session)
    nudge.fleet_changed("hosts")


def _end_fields(end: RunEnd) -> dict[str, Any]:
    return {
        "end_cause": enum_short(EndCause.DESCRIPTOR, end.cause),
        "end_message": _line(end.message),
        "ledger_known": end.ledger_known,
    }


def _record_end(session: Session, runs: list[Run]) -> None:
    record(
        "session.end",
        session.created_by.username,
        "refused" if all(run.state == RunState.REFUSED for run in runs) else "done",
        tool=session.tool,
        hosts=[run.host.name for run in runs],
        session=session.id,
        reason=session.reason,
        detail={"runs": [_end_facts(run) for run in runs]},
    )


def _end_facts(run: Run) -> dict[str, Any]:
    return {
        "run": str(run.id),
        "host": run.host.name,
        "sent": run.sent_at is not None,
        "state": str(run.state),
        "cause": run.end_cause,
        "by": ended_by(run),
        "message": run.end_message,
        "rows": run.rows,
        "bytes": run.stored_bytes,
        "ledger": to_dict(run.run_ledger) if run.ledger_known else None,
        "peak_cost_percent": round(run.peak_percent, 3),
    }


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:_LINE]
