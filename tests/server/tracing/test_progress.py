from __future__ import annotations

from collections.abc import Callable

from proto.v1.stream_pb2 import END_CAUSE_DURATION, Cost, Ledger, RunEnd
from server.accounts.models import User
from server.tracing import lifecycle, progress
from server.tracing.models import Run
from server.tracing.progress import Progress
from tests.server.tracing.sessions import traced


def test_figures_are_written_and_what_is_not_new_stays(user: Callable[..., User]) -> None:
    run = traced(user("tracer")).runs[0]
    ledger, cost = Ledger(seen=7, stored=5), Cost(host_percent=1.5)
    progress.write([Progress(run.id, 5, 5, 100, 2, ledger.SerializeToString(), cost.SerializeToString(), 1.5, "warm")])
    progress.write([Progress(run.id, 6, 6, 120, 3)])
    found = Run.objects.get()
    assert (found.rows, found.stored_bytes, found.stored_seq, found.note, found.peak_percent) == (
        6,
        120,
        3,
        "warm",
        1.5,
    )
    assert (found.run_ledger, found.run_cost) == (ledger, cost)


def test_late_figures_do_not_change_an_ended_run(user: Callable[..., User]) -> None:
    run = traced(user("tracer")).runs[0]
    lifecycle.close(Progress(run.id, rows=10, stored_seq=4), RunEnd(cause=END_CAUSE_DURATION, ledger_known=True))
    progress.write([Progress(run.id, rows=9, stored_seq=3)])
    assert Run.objects.get().rows == 10
