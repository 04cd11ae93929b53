from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError

from proto.v1.stream_pb2 import Cost, Ledger
from server.accounts.models import User
from server.tracing.models import Run
from tests.server.tracing.sessions import traced


def test_a_host_has_one_run_of_a_session(user: Callable[..., User]) -> None:
    run = traced(user("tracer")).runs[0]
    with pytest.raises(IntegrityError):
        Run.objects.create(session=run.session, host=run.host)


def test_an_unborn_run_has_empty_books() -> None:
    run = Run()
    assert (run.run_schema, run.run_ledger, run.run_cost, run.final) == (None, Ledger(), Cost(), False)
    run.state = "refused"
    assert run.final
