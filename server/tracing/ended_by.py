"""Who ended a run: a person by name, or which of its bounds, its host or the server did."""

from __future__ import annotations

from server.audit.models import AuditEntry, EntryHost
from server.tracing.models import Run

SERVER, HOST, POLICY = "the server", "the host", "the host's own switch or policy"
_LIMIT = "its limits"
# Where nobody asked for the end here.
_BY_CAUSE = {
    "duration": _LIMIT,
    "rows": _LIMIT,
    "bytes": _LIMIT,
    "budget": "its CPU budget",
    "target_exited": "its target, which ended",
    "stopped": SERVER,  # which no longer knew the run, or did not take its rows
    "switched_off": POLICY,
    "store_full": SERVER,
}


def ended_by(run: Run) -> str:
    """One or a few words; empty while it lives. A stop that came after another end was not what ended it."""
    if not run.end_cause:
        return ""
    if run.stop_by and run.end_cause == (run.stop_cause or run.end_cause):
        return run.stop_by
    return _BY_CAUSE.get(run.end_cause, HOST)


def who(action: str, host: str, doing: str) -> str:
    """Who did that to the host last, as the audit has it, and what for."""
    about = EntryHost.objects.filter(host=host).values("entry")
    entry = AuditEntry.objects.filter(id__in=about, action=action, outcome="done").order_by("-id").first()
    return f"{entry.actor if entry else SERVER}, who {doing}"
