"""Sessions and runs as the API shows them."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from proto.shortform import enum_short, to_dict
from proto.v1.stream_pb2 import Ledger, Listing, LossCause, RunEnd
from proto.v1.tool_pb2 import ProbeType
from server.tracing.books import Books, books, session_books
from server.tracing.bytecode import INSTRUCTION_BYTES, disassemble
from server.tracing.ended_by import ended_by
from server.tracing.models import Run, RunState, Session
from server.tracing.segments import segment_store

# Joined, because SQLite cannot look up a thousand hosts the way a second prefetch would.
RUNS = Prefetch("runs", Run.objects.select_related("host"))


def session_out(session: Session, *, verify: bool = True) -> dict[str, Any]:
    """``verify``: check every byte that is stored; without it only that the files are there."""
    prefetch_related_objects([session], RUNS)
    runs = sorted(session.runs.all(), key=lambda run: run.host.name)
    judged = [(run, run_books(run, verify=verify)) for run in runs]
    whole = session_books((run.host.name, found) for run, found in judged)
    return {
        "id": session.id,
        "tool": session.tool,
        "title": session.title,
        "kind": session.kind,
        "state": session.state,
        "team": session.team.name,
        "risk": f"s{session.risk}",
        "created_by": session.created_by.username,
        "begun_by": session.begun_by,
        "template": session.template,
        "created_at": session.created_at,
        "ended_at": session.ended_at,
        "reason": session.reason,
        "params": session.params,
        "filters": session.filters,
        "limits": session.limits,
        "reveal": session.reveal,
        "hosts": [run.host.name for run in runs],
        "rows": sum(run.rows for run in runs),
        "stored_bytes": segment_store().usage.of(session.pk),
        "books": whole.state,
        "books_message": whole.message,
        "runs": [_run_out(run, found) for run, found in judged],
    }


def run_books(run: Run, *, verify: bool = True) -> Books:
    """Of a run as the database and the store have it now."""
    if run.final and not run.stored_seq and run.ledger_known:
        return Books("complete", f"nothing was traced: {run.end_message}")
    if run.state == RunState.PENDING:
        return Books("in-flight", "the host has not accepted the start yet")
    index = segment_store().index(run.session_id, run.id, verify=verify)
    return books(index, run_end(run), run.run_schema, boot_ns=run.boot_ns, stored_seq=run.stored_seq)


def run_end(run: Run) -> RunEnd | None:
    if not run.final:
        return None
    cause = f"END_CAUSE_{run.end_cause.upper()}"
    return RunEnd(cause=cause, message=run.end_message, ledger_known=run.ledger_known, by=ended_by(run))


def _run_out(run: Run, found: Books) -> dict[str, Any]:
    schema = run.run_schema
    end = {"cause": run.end_cause, "by": ended_by(run), "message": run.end_message} if run.end_cause else None
    return {
        "id": run.id,
        "host": {"id": run.host.id, "name": run.host.name},
        "state": run.state,
        "end": end,
        "ledger": _ledger_out(run.run_ledger),
        "books": found.state,
        "books_message": found.message,
        "rows": run.rows,
        "bytes": run.stored_bytes,
        "cost": {**to_dict(run.run_cost), "peak_percent": run.peak_percent},
        "note": run.note,
        "targets": to_dict(run.run_targets),
        "anchor": {"boot_ns": str(run.boot_ns), "wall_ns": str(run.wall_ns)},
        "started_at": run.started_at,
        "ended_at": run.ended_at if run.state in (RunState.ENDED, RunState.REFUSED) else None,
        "locked": run.locked,
        "schema": to_dict(schema) if schema else None,
    }


def program_out(run: Run, listing: Listing) -> dict[str, Any]:
    return {
        "host": run.host.name,
        "source": listing.source,
        "switches": list(listing.switches),
        "functions": [
            {
                "name": function.name,
                "type": enum_short(ProbeType.DESCRIPTOR, function.type),
                "instructions": len(function.code) // INSTRUCTION_BYTES,
                "bytecode": disassemble(function.code, listing.maps),
            }
            for function in listing.functions
        ],
        "log": listing.log,
    }


def _ledger_out(ledger: Ledger) -> dict[str, Any]:
    lost = {LossCause.Name(loss.cause).removeprefix("LOSS_CAUSE_").lower(): loss.events for loss in ledger.lost}
    redacted = {item.kind: item.values for item in ledger.redacted}
    return {"seen": ledger.seen, "stored": ledger.stored, "lost": lost, "redacted": redacted}
