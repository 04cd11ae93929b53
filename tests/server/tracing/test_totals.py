from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proto.v1.stream_pb2 import END_CAUSE_DURATION, LOSS_CAUSE_RING, Ledger, Loss, RunEnd
from server.accounts.models import User
from server.tracing import lifecycle, totals
from server.tracing.models import Run
from server.tracing.progress import Progress
from server.tracing.start import Order, start
from tests.server.fleet.hosts import make_host

HOSTS = [f"web-{number}" for number in range(20)]
END = RunEnd(cause=END_CAUSE_DURATION, ledger_known=True)


@pytest.fixture
def runs(user: Callable[..., User]) -> list[Run]:
    for name in HOSTS:
        make_host(name)
    return list(start(user("tracer"), Order("opensnoop", hosts=HOSTS)).runs.all())


def close(run: Run, events: int) -> None:
    ledger = Ledger(seen=events + 1, stored=events, lost=[Loss(cause=LOSS_CAUSE_RING, events=1)])
    progress = Progress(run.id, rows=events, stored_bytes=10 * events, ledger=ledger.SerializeToString())
    lifecycle.close(progress, END)


def test_each_run_counts_while_it_goes_on_and_once_when_it_has_ended(runs: list[Run]) -> None:
    Run.objects.update(rows=5, ledger=Ledger(seen=6, stored=5).SerializeToString())
    assert totals.current() == {"pending": 20, "rows": 100, "seen": 120, "stored": 100}
    for run in runs:
        close(run, 7)
        close(run, 9)  # it has ended
    count = len(runs)
    expected = {"rows": 7, "received_bytes": 70, "seen": 8, "stored": 7, "lost.ring": 1, "ended.ended": 1}
    assert totals.current() == {name: count * value for name, value in expected.items()}


def test_the_sums_stay_when_sessions_are_deleted(runs: list[Run]) -> None:
    for run in runs:
        close(run, 7)
    before = totals.current()
    Run.objects.all().delete()
    assert before["rows"] == 7 * len(runs) and totals.current() == before


def test_asking_costs_one_statement_that_reads_no_ended_run(runs: list[Run]) -> None:
    for number, run in enumerate(runs[1:]):
        close(run, number)
    with CaptureQueriesContext(connection) as asked:
        found = totals.current()
    assert len(asked) == 1 and found["pending"] == 1
    with connection.cursor() as cursor:
        cursor.execute(asked[0]["sql"])
        lines = cursor.fetchall()
    assert len([line for line in lines if line[0] == "pending"]) == 1
    assert len(lines) == 1 + len({"rows", "received_bytes", "seen", "stored", "lost.ring", "ended.ended"})


def test_a_refused_run_is_counted_as_such(runs: list[Run]) -> None:
    lifecycle.refuse(runs[0].id, "not here")
    assert totals.current() == {"pending": len(runs) - 1, "ended.refused": 1}
