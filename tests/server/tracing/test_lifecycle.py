from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from proto.v1.agent_pb2 import RunUpdate
from proto.v1.stream_pb2 import END_CAUSE_DURATION, END_CAUSE_STOPPED, Ledger, RunEnd
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.tracing import lifecycle
from server.tracing.models import Run, Session
from server.tracing.progress import Progress
from server.tracing.start import Order, start
from tests.server.fleet.hosts import make_host
from tests.server.tracing.rows import BOOT, SCHEMA, WALL

END = RunEnd(cause=END_CAUSE_DURATION, message="its time\nis over", ledger_known=True)


@pytest.fixture
def runs(user: Callable[..., User]) -> list[Run]:
    """Of one session on two hosts, sent."""
    make_host("web-1")
    make_host("web-2")
    session = start(user("tracer"), Order("opensnoop", hosts=["web-1", "web-2"]))
    Run.objects.update(sent_at=timezone.now())
    return list(session.runs.order_by("host__name"))


def state(run: Run) -> str:
    return Run.objects.get(id=run.id).state


def attach(run: Run) -> None:
    lifecycle.accepted(run.id)
    lifecycle.attached(run.id, RunUpdate(schema=SCHEMA, boot_ns=BOOT, wall_ns=WALL))


def test_a_run_goes_its_way_and_the_session_follows(runs: list[Run]) -> None:
    lifecycle.accepted(runs[0].id)
    assert Session.objects.get().state == "running"
    attach(runs[0])
    attached = Run.objects.get(id=runs[0].id)
    assert (attached.state, attached.boot_ns, attached.run_schema) == ("attached", BOOT, SCHEMA)
    lifecycle.ending(runs[0].id, END)
    assert (state(runs[0]), Run.objects.get(id=runs[0].id).end_message) == ("attached", "its time is over")
    ledger = Ledger(seen=12, stored=10).SerializeToString()
    lifecycle.close(Progress(runs[0].id, rows=10, hits=10, stored_bytes=99, stored_seq=2, ledger=ledger), END)
    assert Session.objects.get().state == "running"
    lifecycle.refuse(runs[1].id, "policy")
    session = Session.objects.get()
    assert session.state == "ended"
    assert session.ended_at is not None
    ended = AuditEntry.objects.get(action="session.end")
    assert (ended.actor, ended.outcome, ended.session) == ("tracer", "done", session.id)
    first, second = ended.detail["runs"]
    assert (first["rows"], first["bytes"], first["ledger"]["seen"], first["cause"]) == (10, 99, 12, "duration")
    assert (second["state"], second["message"]) == ("refused", "policy")


def test_what_ended_stays_ended(runs: list[Run]) -> None:
    lifecycle.refuse(runs[0].id, "policy")
    attach(runs[0])
    lifecycle.ending(runs[0].id, END)
    lifecycle.close(Progress(runs[0].id, rows=10), END)
    lifecycle.lose(runs[0].id, "gone")
    run = Run.objects.get(id=runs[0].id)
    assert (run.state, run.end_message, run.rows, run.ledger_known) == ("refused", "policy", 0, True)


def test_a_refusal_on_every_host_is_a_refused_session(runs: list[Run]) -> None:
    for run in runs:
        lifecycle.refuse(run.id, "policy")
    assert AuditEntry.objects.get(action="session.end").outcome == "refused"


def test_a_lost_run_has_unknown_books(runs: list[Run]) -> None:
    attach(runs[0])
    lifecycle.lose(runs[0].id, "the agent does not know it")
    run = Run.objects.get(id=runs[0].id)
    assert (run.state, run.end_cause, run.ledger_known) == ("ended", "runner_died", False)


def test_a_stop_is_asked_once_and_cancels_what_was_not_sent(runs: list[Run]) -> None:
    Run.objects.filter(id=runs[1].id).update(sent_at=None)
    lifecycle.stop(runs[0].session_id, runs, END_CAUSE_STOPPED, "stopped by ann", "ann")
    lifecycle.stop(runs[0].session_id, runs, END_CAUSE_STOPPED, "stopped by bob", "bob")
    first, second = Run.objects.order_by("host__name")
    assert (first.stop_by, second.stop_by) == ("ann", "ann")
    assert (first.state, first.stop_cause, first.stop_message) == ("pending", "stopped", "stopped by ann")
    assert (second.state, second.end_cause, second.end_message) == ("ended", "stopped", "stopped by ann")
