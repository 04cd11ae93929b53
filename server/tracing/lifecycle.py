"""How runs and sessions change state. Hosts report, people stop; nothing here ever starts a run again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from proto.shortform import enum_short, to_dict
from proto.v1.agent_pb2 import RunUpdate
from proto.v1.stream_pb2 import EndCause, Ledger, RunEnd
from server import nudge
from server.audit.record import record
from server.tracing.models import FINAL, Run, RunState, Session, SessionState

_LINE = 2000


def open_runs() -> QuerySet[Run]:
    return Run.objects.exclude(state__in=FINAL)


def report(run: Run, update: RunUpdate) -> None:
    """Take over what the host says about a run of its own that is not final."""
    if update.state == RunUpdate.STATE_ACCEPTED and run.state == RunState.PENDING:
        run.state = RunState.ACCEPTED
    if update.state == RunUpdate.STATE_ATTACHED and run.state in (RunState.PENDING, RunState.ACCEPTED):
        _attach(run, update)
    if update.HasField("end"):
        _note_end(run, update.end)
    if update.HasField("ledger"):
        run.ledger = update.ledger.SerializeToString()
    if update.HasField("cost"):
        run.cost = update.cost.SerializeToString()
        run.peak_percent = max(run.peak_percent, update.cost.host_percent)
    run.note = _line(update.note) or run.note


def refuse(run: Run, reason: str) -> None:
    """The host did not make the start. Final."""
    _finish(run, RunState.REFUSED, RunEnd(cause=EndCause.END_CAUSE_FAILED, message=_line(reason), ledger_known=True))


def close(run: Run, end: RunEnd, ledger: Ledger) -> None:
    """The run's last frame is stored."""
    run.ledger = ledger.SerializeToString()
    _finish(run, RunState.ENDED, end)


def lose(run: Run, message: str) -> None:
    """It is known that no more frames will come, and nobody can say what is missing."""
    _finish(run, RunState.ENDED, RunEnd(cause=EndCause.END_CAUSE_RUNNER_DIED, message=message, ledger_known=False))


def stop(session: Session, runs: Iterable[Run], cause: int, message: str) -> None:
    """Ask for an end; a start that has not left yet never leaves."""
    for run in runs:
        unsent = Run.objects.filter(id=run.id, state=RunState.PENDING, sent_at=None)
        with transaction.atomic():
            cancelled = unsent.select_for_update().first()
            if cancelled is not None:
                _finish(cancelled, RunState.ENDED, RunEnd(cause=cause, message=message, ledger_known=True))
        waiting = open_runs().filter(id=run.id, stop_cause="")
        waiting.update(stop_cause=enum_short(EndCause.DESCRIPTOR, cause), stop_message=message[:500])
    nudge.hosts(run.host_id for run in runs)
    nudge.session_changed(session.id)


def settle(session_id: uuid.UUID) -> None:
    """Bring the session's state in line with its runs'; its end is written to the audit."""
    with transaction.atomic():
        session = Session.objects.select_for_update().get(id=session_id)
        runs = list(session.runs.select_related("host"))
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


def _attach(run: Run, update: RunUpdate) -> None:
    run.state = RunState.ATTACHED
    run.started_at = timezone.now()
    run.schema = update.schema.SerializeToString()
    run.boot_ns, run.wall_ns = update.boot_ns, update.wall_ns


def _note_end(run: Run, end: RunEnd) -> None:
    run.end_cause = enum_short(EndCause.DESCRIPTOR, end.cause)
    run.end_message = _line(end.message)
    run.ledger_known = end.ledger_known


def _finish(run: Run, state: RunState, end: RunEnd) -> None:
    run.state = state
    run.ended_at = timezone.now()
    _note_end(run, end)
    run.save()
    settle(run.session_id)


def _record_end(session: Session, runs: list[Run]) -> None:
    record(
        "session.end",
        session.created_by.username,
        tool=session.tool,
        hosts=[run.host.name for run in runs],
        session=session.id,
        reason=session.reason,
        detail={"runs": [_end_facts(run) for run in runs]},
    )


def _end_facts(run: Run) -> dict[str, Any]:
    return {
        "host": run.host.name,
        "state": str(run.state),
        "cause": run.end_cause,
        "message": run.end_message,
        "rows": run.rows,
        "bytes": run.stored_bytes,
        "ledger": to_dict(run.run_ledger) if run.ledger_known else None,
        "peak_cost_percent": round(run.peak_percent, 3),
    }


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:_LINE]
