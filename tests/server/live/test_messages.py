from __future__ import annotations

import datetime
from collections.abc import Callable
from uuid import uuid4

import pyarrow as pa
import pytest
from django.utils import timezone

from proto.frame import decode
from proto.v1.live_pb2 import LiveMessage, RunState, SessionState
from proto.v1.stream_pb2 import END_CAUSE_DURATION, RunEncryption, RunSchema, StreamSchema
from proto.v1.tool_pb2 import KIND_BYTES
from server.accounts.models import User
from server.fleet.models import Host
from server.live.messages import askable, group_message, rows_message, session_state, state_message
from server.tracing.models import Session
from server.tracing.store import StoredBatch
from tests.server.tracing.rows import BOOT, EVENTS, SCHEMA, TWO_STREAMS, WALL, Frames, events
from tests.server.tracing.sessions import traced


def test_a_batch_becomes_readable_arrow_without_zstd() -> None:
    frame = decode(Frames().rows_of(7))
    found = rows_message("run", StoredBatch(frame.head, EVENTS, packed=frame.body))
    assert (found.seq, found.rows, found.total) == (1, 7, 7)
    message = LiveMessage.FromString(found.payload or b"").rows
    assert (message.run, message.seq, message.rows, message.first_row, message.backfill) == ("run", 1, 7, 0, False)
    assert (message.boot_ns, message.wall_ns) == (BOOT, WALL)
    assert pa.ipc.open_stream(EVENTS.arrow_schema + message.body).read_next_batch().equals(events(0, 7))


def test_the_last_batch_has_nothing_to_show() -> None:
    frames = Frames()
    frames.rows_of(7)
    end = decode(frames.end(END_CAUSE_DURATION))
    found = rows_message("run", StoredBatch(end.head, EVENTS))
    assert (found.seq, found.payload, found.total) == (2, None, 7)


def test_batches_of_the_past_go_as_one() -> None:
    frames = Frames()
    decoded = [decode(frame) for frame in (frames.rows_of(7), frames.rows_of(4), frames.end(END_CAUSE_DURATION))]
    found = group_message("run", [StoredBatch(frame.head, EVENTS, packed=frame.body) for frame in decoded])
    assert (found.seq, found.rows, found.total) == (3, 11, 11)
    (batch,) = LiveMessage.FromString(found.payload or b"").group.batches
    assert (batch.seq, batch.rows, batch.first_row, batch.backfill) == (2, 11, 0, True)
    assert sum(part.rows for part in batch.parts) == 11


@pytest.mark.parametrize(
    ("state", "schema", "wanted"),
    [
        ("ended", TWO_STREAMS, True),
        ("running", TWO_STREAMS, False),
        ("ended", RunSchema(streams=[EVENTS, StreamSchema(name="said", kind=KIND_BYTES)]), False),
        ("ended", RunSchema(streams=[EVENTS], encryption=RunEncryption()), False),
    ],
    ids=["over", "runs", "replayed", "encrypted"],
)
def test_the_store_answers_for_all_views_of_a_session_that_is_over(state: str, schema: RunSchema, wanted: bool) -> None:
    runs = [RunState(run="silent"), RunState(run="plain", schema=SCHEMA), RunState(run="own", schema=schema)]
    assert askable(SessionState(state=state, runs=runs)) is wanted


@pytest.mark.django_db
def test_a_state_holds_what_a_page_needs(user: Callable[..., User]) -> None:
    session = traced(user(), hosts=2)
    session.store(5)
    Host.objects.filter(name="host-1").update(connection="c", last_seen=timezone.now())
    silent = timezone.now() - datetime.timedelta(minutes=2)
    Host.objects.filter(name="host-2").update(last_seen=silent)
    state = session_state(session.session.pk)
    assert (state.session, state.state) == (str(session.session.pk), "running")
    first, second = state.runs
    assert (first.host, first.state, first.stored_seq, first.books) == ("host-1", "attached", 1, "in-flight")
    assert first.schema == SCHEMA
    assert (first.boot_ns, first.wall_ns) == (BOOT, WALL + 10**9)
    assert first.silent_since_wall_ns == 0
    assert second.silent_since_wall_ns == pytest.approx(silent.timestamp() * 1e9, abs=2000)
    assert not first.HasField("end")


@pytest.mark.django_db
def test_an_ended_run_says_how_and_that_nobody_waits_for_its_host(user: Callable[..., User]) -> None:
    session = traced(user())
    session.store(5)
    session.end()
    (run,) = session_state(session.session.pk).runs
    assert (run.end.cause, run.end.message) == (END_CAUSE_DURATION, "its time was up")
    assert (run.books, run.books_message) == ("complete", "complete: 5 events seen, all stored")
    assert run.silent_since_wall_ns == 0
    assert run.ledger.seen == 5


@pytest.mark.django_db
def test_a_deleted_session_has_no_state() -> None:
    with pytest.raises(Session.DoesNotExist):
        session_state(uuid4())


@pytest.mark.django_db
def test_who_watches_is_named_once(user: Callable[..., User]) -> None:
    state = session_state(traced(user()).session.pk)
    message = LiveMessage.FromString(state_message(state, ["bob", "ann", "bob"]))
    assert list(message.state.watching) == ["ann", "bob"]
    assert list(state.watching) == [], "the state itself is shared and stays as it is"
