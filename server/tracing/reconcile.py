"""After every (re)connect: which of a host's runs may live, and which it may forget."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from proto.v1.agent_pb2 import Hello
from server.tracing import lifecycle
from server.tracing.models import Run, RunState
from server.tracing.segments import segment_store

MAX_RUNS = 10_000
_LOST_START = "the start was lost on its way to the host; start again"
_LOST_RUN = "the agent does not know this run any more: it or the host was restarted"


@dataclass(frozen=True, slots=True)
class Reconciled:
    live: list[uuid.UUID] = field(default_factory=list)  # every other run of the host stops
    forgotten: list[uuid.UUID] = field(default_factory=list)  # stored to the end, or of no session any more


def close_all_stored() -> None:
    """At the start of a process: what the one before stored to the end and did not live to write down."""
    for run in lifecycle.open_runs().filter(sent_at__isnull=False):
        lifecycle.close_stored(run)


def reconcile(host: uuid.UUID, hello: Hello) -> Reconciled:
    """A start that the host does not know was lost on its way, or its runner died with the agent: over either way."""
    claimed = {uuid.UUID(bytes=run.run_id): run.ended for run in hello.runs[:MAX_RUNS] if len(run.run_id) == 16}
    found = Reconciled()
    for run in lifecycle.open_runs().filter(host_id=host, sent_at__isnull=False):
        if lifecycle.close_stored(run):
            continue
        if run.id in claimed:
            found.live.append(run.id)
        else:
            lifecycle.lose(run.id, _LOST_START if run.state == RunState.PENDING else _LOST_RUN)
    for run_id in claimed.keys() - set(found.live):
        if _is_done(run_id, host, ended=claimed[run_id]):
            found.forgotten.append(run_id)
    return found


def _is_done(run_id: uuid.UUID, host: uuid.UUID, *, ended: bool) -> bool:
    run = Run.objects.filter(id=run_id, host_id=host).first()
    if run is None:
        return ended
    return segment_store().index(run.session_id, run.id).end is not None
