"""A live run is kept within its limits by its host, whoever asks and whether or not the server is there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agent.warden.run import _merge
from proto.v1.agent_pb2 import Filters, RunLimits, RunUpdate
from proto.v1.stream_pb2 import EndCause, Ledger, Loss, LossCause, RunSchema
from tests.agent.support.commands import envelope
from tests.agent.support.host import AgentHost
from tests.agent.support.server import FleetServer
from tests.waiting import wait_for
from tests.workloads.compiled import build, running
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


def test_newer_reports_replace_older_ones_and_what_they_leave_out_stays() -> None:
    state = RunUpdate(state=RunUpdate.STATE_ACCEPTED)
    lost = [Loss(cause=LossCause.LOSS_CAUSE_RING, events=1)]
    _merge(state, RunUpdate(state=RunUpdate.STATE_ATTACHED, schema=RunSchema(tool="t"), boot_ns=5))
    for seen in (2, 3):
        _merge(state, RunUpdate(ledger=Ledger(seen=seen, lost=lost), note="n"))
    assert (state.state, state.schema.tool, state.boot_ns, state.note) == (RunUpdate.STATE_ATTACHED, "t", 5, "")
    assert state.ledger == Ledger(seen=3, lost=lost)


def test_a_run_over_its_budget_is_stopped_within_six_seconds_and_says_the_figures(
    host: AgentHost, tmp_path: Path
) -> None:
    with running(build("burst.c", tmp_path), 6_000_000, 300_000) as busy:
        limits = RunLimits(budget_permille=10, duration_ms=60_000)
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid), limits=limits))
        began = time.monotonic()
        busy.go()
        end = host.server.wait_for_end(run_id, 20).head
        took = time.monotonic() - began
    assert end.end.cause == EndCause.END_CAUSE_BUDGET
    assert took < 6
    assert "budget 1%" in end.end.message and "hits/s" in end.end.message
    assert end.ledger.seen == end.ledger.stored + sum(loss.events for loss in end.ledger.lost)
    assert end.ledger.seen > 100_000
    assert host.audit()[-1]["cause"] == "budget"


def test_the_cost_is_told_while_it_runs_with_a_warning(host: AgentHost, tmp_path: Path) -> None:
    with running(build("burst.c", tmp_path), 6_000_000, 200_000) as busy:
        limits = RunLimits(budget_permille=1000, duration_ms=60_000)
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid), limits=limits))
        busy.go()
        wait_for(
            lambda: [update for update in host.server.updates(run_id) if "of this host's CPU" in update.note],
            15,
            "a warning",
        )
        latest = host.server.updates(run_id)[-1]
    assert latest.cost.host_percent > 1
    assert latest.cost.bpf_run_ns > 0 and latest.cost.bpf_runs > 100_000 and latest.cost.runner_cpu_ns > 0


def test_a_run_ends_by_the_hosts_clock_without_its_server(host: AgentHost, server: FleetServer) -> None:
    with workload("open_paths.py", 100_000, 500, "/nonexistent/cut-off-") as busy:
        limits = RunLimits(duration_ms=3000)
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid), limits=limits))
        busy.go()
        server.stop()
        wait_for(lambda: not host.status()["runs"], 10, "the end of the run while the server is away")
        assert host.audit()[-1]["cause"] == "duration"
        server.restart()
        end = server.wait_for_end(run_id, 60).head
    assert end.end.cause == EndCause.END_CAUSE_DURATION
    assert end.ledger.stored == sum(one.head.hits for one in server.frames[run_id]) > 500


def test_a_target_that_does_not_exist_ends_the_run_in_one_line(host: AgentHost) -> None:
    from tests.agent.support.commands import run_id_of

    start = envelope(host.identity.host_id, filters=Filters(pid=2**22 - 3))
    host.server.begin(start)
    end = host.server.wait_for_end(run_id_of(start), 20).head
    assert end.end.cause == EndCause.END_CAUSE_FAILED
    assert str(2**22 - 3) in end.end.message and "\n" not in end.end.message
