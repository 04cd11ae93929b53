from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from server.accounts.models import User
from server.ingest.runs import load_run
from server.tracing import lifecycle
from server.tracing.models import Run
from tests.server.tracing.rows import SCHEMA
from tests.server.tracing.sessions import Traced, traced


@pytest.fixture
def made(user: Callable[..., User]) -> Traced:
    made = traced(user("tracer"))
    Run.objects.update(sent_at=timezone.now())
    made.store(10, 20)
    return made


def test_an_open_run_goes_on_where_the_store_is(made: Traced) -> None:
    run = made.runs[0]
    loaded = load_run(run.host_id, run.id.bytes)
    assert loaded is not None
    assert (loaded.progress.rows, loaded.progress.stored_seq, loaded.closed, loaded.schema) == (30, 2, False, SCHEMA)
    assert loaded.has_schema.is_set()


def test_a_run_that_is_stored_to_its_end_is_closed(made: Traced) -> None:
    made.end()
    loaded = load_run(made.runs[0].host_id, made.runs[0].id.bytes)
    assert loaded is not None
    assert loaded.closed


def test_what_is_not_wanted_is_none(made: Traced) -> None:
    run = made.runs[0]
    assert load_run(uuid.uuid4(), run.id.bytes) is None
    assert load_run(run.host_id, b"short") is None
    assert load_run(run.host_id, uuid.uuid4().bytes) is None
    lifecycle.lose(run.id, "gone")
    assert load_run(run.host_id, run.id.bytes) is None


def test_a_run_that_was_not_sent_or_was_refused_has_no_rows(made: Traced) -> None:
    run = made.runs[0]
    Run.objects.update(sent_at=None)
    assert load_run(run.host_id, run.id.bytes) is None
    Run.objects.update(sent_at=timezone.now(), state="refused")
    assert load_run(run.host_id, run.id.bytes) is None
