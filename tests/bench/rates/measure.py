"""Rounds of one case: the workload alone, then with the tool about it, then with the tool about an idle process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from proto.v1.agent_pb2 import RunLimits
from tests.agent.runner.harness import Run
from tests.bench.rates.case import Case, Target
from tests.bench.rates.readings import Reading, read
from tests.workloads.paced import Paced, Passed
from tests.workloads.spawn import workload

IDLE_SECONDS = 0.25
LIMIT = 1.5  # times as long as it should take: on a busy machine the workload does not come to more
ATTACH_SECONDS = 120
BUSY_STEPS = 10_000  # a second, of a workload that goes as fast as it can
UNLIMITED = RunLimits(budget_permille=1000)


@dataclass(frozen=True, slots=True)
class Round:
    """One rate, once. ``used``: by the run while the workload went on, for whoever; ``quiet``: while it did nothing."""

    rate: int
    alone: Passed
    traced: Passed
    used: Reading
    quiet: Reading


@dataclass(slots=True)
class Measured:
    """``rounds`` by rate; ``beside``: the highest rate again, which the tool was not about."""

    rounds: dict[int, list[Round]] = field(default_factory=dict)
    beside: list[Round] = field(default_factory=list)


def measure(case: Case, rounds: int, folder: Path, prices: Mapping[int, int]) -> Measured:
    found = Measured({rate: [] for rate in case.rates})
    with case.start(folder) as work, workload("statements.py", "", "") as idle:
        _repeat(case, work, case.rates[0])  # once, to warm up
        for _ in range(rounds):
            for rates in [[rate] for rate in case.rates] if case.apart else [list(case.rates)]:
                for result in _round(case, work, rates, case.target(work, rates[0]), prices):
                    found.rounds[result.rate].append(result)
            if case.beside:
                found.beside += _round(case, work, [case.rates[-1]], case.beside(work, idle.pid), prices)
    return found


def _round(case: Case, work: Paced, rates: list[int], target: Target, prices: Mapping[int, int]) -> list[Round]:
    alone = [_repeat(case, work, rate) for rate in rates]
    with _running(case, target) as run:
        return [_traced(case, work, rate, before, run, prices) for rate, before in zip(rates, alone, strict=True)]


def _repeat(case: Case, work: Paced, rate: int) -> Passed:
    count = round((BUSY_STEPS if case.apart else rate / case.per_step) * case.seconds)
    return work.repeat(count, 0 if case.apart else rate // case.per_step, round(case.seconds * LIMIT * 1000))


@contextmanager
def _running(case: Case, target: Target) -> Iterator[Run]:
    run = Run(case.tool, target.params, target.filters, UNLIMITED)
    try:
        run.start(ATTACH_SECONDS)
        assert run.first.HasField("schema"), run.end.message
        yield run
        run.stop()
        run.wait(ATTACH_SECONDS)
        run.check_books()
    finally:
        run.close()


def _traced(case: Case, work: Paced, rate: int, alone: Passed, run: Run, prices: Mapping[int, int]) -> Round:
    """What the run does for others is taken from two moments, before and after, in which the workload does nothing."""
    first = read(run, prices, case.for_host)
    time.sleep(IDLE_SECONDS)
    begun = read(run, prices, case.for_host)
    traced = _repeat(case, work, rate)
    ended = read(run, prices, case.for_host)
    time.sleep(IDLE_SECONDS)
    last = read(run, prices, case.for_host)
    # What the runner had left to do at the end, beyond what it does when nothing happens.
    late = (last - ended).runner_ns - (begun - first).runner_ns
    used = replace(ended - begun, runner_ns=(ended - begun).runner_ns + max(0, late))
    return Round(rate, alone, traced, used, (begun - first) + (last - ended))
