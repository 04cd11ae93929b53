"""One run of a tool on one workload that a test wrote down as Python statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.harness import Run
from tests.workloads.groups import join
from tests.workloads.spawn import Workload, workload
from tests.workloads.tcp import APART


@dataclass(frozen=True, slots=True)
class Traced:
    """``said`` is what the workload printed, ``streams`` the rows of each of the tool's streams, ``hidden`` how many
    events the kernel may have kept back, by the books."""

    pid: int
    said: str
    streams: list[list[dict[str, Any]]]
    hidden: int

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.streams[0]

    def check_events(self, found: Sequence[Any], happened: Sequence[Any]) -> None:
        """What was found is what happened, in order; what is missing is on the books."""
        rest = iter(happened)
        assert all(any(item == event for event in rest) for item in found), f"{found} is not of {happened}"
        assert len(happened) - len(found) <= self.hidden, f"{found} is not all of {happened}"


def trace_statements(
    tool: str,
    before: str,
    then: str,
    params: Mapping[str, str] | None = None,
    filters: Filters | None = None,
    variant: str = "",
) -> Traced:
    """``before`` runs untraced; the run is on the workload's pid or has these filters. Nothing may be lost but what
    the kernel did not show."""
    with workload("statements.py", before, then) as target:
        run = Run(tool, params, filters or Filters(pid=target.pid), variant=variant)
        return trace_workload(run, target, ends_itself=not filters)


def trace_running(tool: str, target: Workload, params: Mapping[str, str] | None = None) -> Traced:
    """The run is on the workload's pid and ends with it."""
    return trace_workload(Run(tool, params, Filters(pid=target.pid)), target, ends_itself=True)


def trace_network(
    tool: str,
    then: str,
    params: Mapping[str, str] | None = None,
    filters: Filters | None = None,
    group: Path | None = None,
) -> Traced:
    """Of a tool without filters by task: the workload has a network namespace of its own and the run is on that.
    ``group``: the control group in which it makes its sockets."""
    with workload("statements.py", APART, then) as target:
        if group:
            join(group, target.pid)
        namespace = Path(f"/proc/{target.pid}/ns/net").stat().st_ino
        run = Run(tool, {**(params or {}), "netns": str(namespace)}, filters)
        return trace_workload(run, target, ends_itself=False)


def trace_workload(run: Run, target: Workload, *, ends_itself: bool) -> Traced:
    """A run on one process ends with it, every other has to be stopped."""
    with run:
        assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
        target.go()
        said = target.finish().decode()
        if not ends_itself:
            run.stop()
        run.wait()
        run.check_books()
        lost = run.lost()
        unseen = lost.pop("unseen", 0)
        assert lost == {}
        assert unseen <= run.ledger.blind
        streams = [run.rows(stream) for stream in range(len(run.first.schema.streams))]
        return Traced(target.pid, said, streams, run.ledger.blind)
