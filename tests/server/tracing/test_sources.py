from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from proto.v1.stream_pb2 import RunSchema
from server.accounts.models import User
from server.errors import Invalid
from server.tracing import sources
from server.tracing.models import Run, Session
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource, common_stream, pick_stream
from tests.server.tracing.rows import BOOT, EVENTS, SCHEMA, STACKS, TWO_STREAMS, WALL, stream
from tests.server.tracing.sessions import traced


def source(*schemas: RunSchema) -> SessionSource:
    runs = [RunSource(UUID(int=n), f"host-{n}", schema, BOOT, WALL) for n, schema in enumerate(schemas)]
    return SessionSource(UUID(int=1), ended=False, runs=runs)


@pytest.mark.django_db
def test_runs_come_by_host_once_they_have_a_schema(user: Callable[..., User]) -> None:
    session = traced(user(), hosts=3)
    Run.objects.filter(host__name="host-2").update(schema=b"")
    loaded = sources.load(session.session.pk)
    assert [(run.host, run.boot_ns, run.wall_ns) for run in loaded.runs] == [
        ("host-1", BOOT, WALL + 10**9),
        ("host-3", BOOT, WALL + 3 * 10**9),
    ]
    assert not loaded.ended
    session.end()
    assert sources.load(session.session.pk).ended


@pytest.mark.django_db
def test_a_run_has_its_own_clock(user: Callable[..., User]) -> None:
    session = traced(user(), hosts=2)
    assert [sources.shift(run.pk) for run in session.runs] == [WALL + 10**9 - BOOT, WALL + 2 * 10**9 - BOOT]
    assert sources.shift(uuid4()) is None


@pytest.mark.django_db
def test_a_deleted_session_is_told() -> None:
    with pytest.raises(Session.DoesNotExist):
        sources.load(uuid4())


def test_the_only_stream_needs_no_name() -> None:
    assert pick_stream(source(SCHEMA, SCHEMA), "") == "events"
    assert pick_stream(source(TWO_STREAMS), "stacks") == "stacks"


@pytest.mark.parametrize(
    ("schemas", "name", "message"),
    [
        ([TWO_STREAMS], "", "has several streams; choose one of events, stacks"),
        ([TWO_STREAMS], "none", "there is no stream 'none'; choose one of events, stacks"),
        ([], "", "no host has sent rows"),
    ],
)
def test_a_choice_that_is_not_there(schemas: list[RunSchema], name: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        pick_stream(source(*schemas), name)


def test_a_common_stream_is_the_same_everywhere() -> None:
    assert common_stream(source(SCHEMA, TWO_STREAMS), "events").stream == EVENTS
    assert common_stream(source(SCHEMA, TWO_STREAMS), "stacks").stream == STACKS
    other = RunSchema(streams=[stream("events", EVENTS.kind, EVENTS.columns[:3])])
    assert common_stream(source(SCHEMA, other), "events").lacking["path"] == ["host-1"]
    with pytest.raises(Invalid, match="no host has sent rows of 'none'"):
        common_stream(source(SCHEMA), "none")
