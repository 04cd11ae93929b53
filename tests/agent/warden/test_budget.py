from __future__ import annotations

from agent.clock import SECOND
from agent.warden.budget import DEFAULT_PRICES, NO_LIMIT, Budget
from agent.warden.meters import Work
from proto.v1.tool_pb2 import ProbeType

TRACEPOINT, UPROBE = ProbeType.PROBE_TYPE_TRACEPOINT, ProbeType.PROBE_TYPE_UPROBE
START = 1000 * SECOND


def _feed(
    budget: Budget, seconds: float, hits: int = 0, bpf: float = 0, runner: float = 0, kind: int = TRACEPOINT
) -> None:
    """At these rates a second: hits, and shares of one CPU."""
    for step in range(int(seconds * 4) + 1):
        at = step / 4
        work = Work({kind: int(hits * at)}, int(bpf * at * SECOND), int(hits * at))
        budget.add(START + int(at * SECOND), work, int(runner * at * SECOND))


def test_cost_is_hits_and_bpf_and_runner_of_all_cpus() -> None:
    budget = Budget(30, 2, {TRACEPOINT: 1000})
    _feed(budget, 10, hits=100_000, bpf=0.04, runner=0.02)
    assert abs(budget.percent - (10 + 4 + 2) / 2) < 0.01


def test_what_came_before_the_window_does_not_count() -> None:
    budget = Budget(30, 2, DEFAULT_PRICES)
    budget.add(START, Work({}, 0, 0), 0)
    budget.add(START + SECOND, Work({}, 0, 0), 10 * SECOND)
    for second in range(2, 9):
        budget.add(START + second * SECOND, Work({}, 0, 0), 10 * SECOND)
    assert budget.percent == 0
    assert budget.exceeded() == ""


def test_too_much_is_stopped_within_six_seconds_and_says_the_figures() -> None:
    budget = Budget(10, 2, DEFAULT_PRICES)
    _feed(budget, 2, hits=300_000, bpf=0.05, runner=0.02)
    why = budget.exceeded()
    assert why.startswith("used 2.2% of this host's CPU over 6 s, budget 1%: 300,000 hits/s, probes 1.0%, BPF 0.8%")


def test_attaching_itself_is_not_held_against_a_run() -> None:
    budget = Budget(10, 2, DEFAULT_PRICES)
    _feed(budget, 1.75, runner=1.0)
    assert budget.exceeded() == ""
    _feed(budget, 2, runner=1.0)
    assert budget.exceeded() != ""


def test_a_budget_of_everything_never_stops_a_run() -> None:
    budget = Budget(NO_LIMIT, 2, {TRACEPOINT: 10_000})
    _feed(budget, 6, hits=1_000_000, bpf=1, runner=1)
    assert budget.percent > 100
    assert budget.exceeded() == ""


def test_a_uprobe_costs_its_trap_that_the_kernels_statistics_do_not_show() -> None:
    budget = Budget(30, 2, DEFAULT_PRICES)
    _feed(budget, 6, hits=50_000, bpf=0.001, kind=UPROBE)
    assert budget.percent > 5


def test_the_warning_comes_once_until_the_cost_has_fallen() -> None:
    budget = Budget(100, 1, {TRACEPOINT: 1000})
    _feed(budget, 6, hits=20_000)
    assert "costs 2.0% of this host's CPU" in budget.warning()
    assert budget.warning() == ""
    for second in range(7, 14):
        budget.add(START + second * SECOND, Work({TRACEPOINT: 120_000}, 0, 120_000), 0)
    assert budget.warning() == ""
    budget.add(START + 14 * SECOND, Work({TRACEPOINT: 320_000}, 0, 320_000), 0)
    assert "stops at 10%" in budget.warning()
