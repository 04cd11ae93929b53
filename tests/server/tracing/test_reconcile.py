from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from proto.v1.agent_pb2 import ActiveRun, Hello
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.accounts.models import User
from server.tracing.models import Run, Session
from server.tracing.reconcile import close_all_stored, reconcile
from server.tracing.segments import segment_store
from tests.server.tracing.sessions import Traced, traced


@pytest.fixture
def running(user: Callable[..., User]) -> Traced:
    made = traced(user("tracer"))
    Run.objects.update(sent_at=timezone.now())
    made.store(5)
    return made


def hello(*runs: tuple[uuid.UUID, bool]) -> Hello:
    return Hello(runs=[ActiveRun(run_id=run.bytes, ended=ended) for run, ended in runs])


def test_what_both_sides_know_lives_on(running: Traced) -> None:
    run = running.runs[0]
    found = reconcile(run.host_id, hello((run.id, False)))
    assert (found.live, found.forgotten) == ([run.id], [])
    assert Run.objects.get().state == "attached"


def test_what_the_host_does_not_know_is_over(running: Traced) -> None:
    assert reconcile(running.runs[0].host_id, hello()).live == []
    run = Run.objects.get()
    assert (run.state, run.ledger_known) == ("ended", False)


def test_what_is_stored_to_its_end_may_be_forgotten(running: Traced) -> None:
    running.end()
    run = running.runs[0]
    found = reconcile(run.host_id, hello((run.id, True)))
    assert (found.live, found.forgotten) == ([], [run.id])


def test_a_lost_run_that_comes_back_is_neither(running: Traced) -> None:
    run = running.runs[0]
    reconcile(run.host_id, hello())
    found = reconcile(run.host_id, hello((run.id, False)))
    assert (found.live, found.forgotten) == ([], [])


def test_runs_of_deleted_sessions_and_of_other_hosts_are_unknown(running: Traced) -> None:
    gone = uuid.uuid4()
    stranger = uuid.uuid4()
    found = reconcile(stranger, hello((gone, True), (running.runs[0].id, False)))
    assert (found.live, found.forgotten) == ([], [gone])


def test_what_was_not_sent_yet_is_left_alone(running: Traced) -> None:
    Run.objects.update(sent_at=None, state="pending")
    assert reconcile(running.runs[0].host_id, hello()).live == []
    assert Run.objects.get().state == "pending"


def test_ids_that_are_none_are_passed_over(running: Traced) -> None:
    odd = Hello(runs=[ActiveRun(run_id=b"short"), ActiveRun(run_id=running.runs[0].id.bytes)])
    assert len(reconcile(running.runs[0].host_id, odd).live) == 1


def test_what_was_stored_to_its_end_when_the_server_died_is_closed(running: Traced) -> None:
    run, frames = running.runs[0], running.frames[0]
    segment_store().append(running.session.id, run.id, [frames.rows_of(7), frames.end(END_CAUSE_DURATION, "over")])
    assert Run.objects.get().state == "attached"
    found = reconcile(run.host_id, hello((run.id, True)))
    assert (found.live, found.forgotten) == ([], [run.id])
    closed = Run.objects.get()
    assert (closed.state, closed.rows, closed.end_message, closed.run_ledger.seen) == ("ended", 12, "over", 12)
    assert Session.objects.get().state == "ended"


def test_a_new_process_closes_what_the_one_before_stored(running: Traced) -> None:
    frames = running.frames[0]
    close_all_stored()
    assert Run.objects.get().state == "attached"
    segment_store().append(running.session.id, running.runs[0].id, [frames.end(END_CAUSE_DURATION)])
    close_all_stored()
    assert Run.objects.get().state == "ended"
