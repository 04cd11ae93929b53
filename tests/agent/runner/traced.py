"""One run of a tool on one workload that a test wrote down as Python statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.harness import Run
from tests.workloads.spawn import workload


@dataclass(frozen=True, slots=True)
class Traced:
    """``said`` is what the workload printed."""

    pid: int
    said: str
    rows: list[dict[str, Any]]


def trace_statements(
    tool: str, before: str, then: str, params: Mapping[str, str] | None = None, filters: Filters | None = None
) -> Traced:
    """``before`` runs untraced; the run is on the workload's pid or has these filters. Nothing may be lost."""
    with workload("statements.py", before, then) as target:
        run = Run(tool, params, filters or Filters(pid=target.pid))
        with run:
            assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
            target.go()
            said = target.finish().decode()
            if filters:  # a run on one process ends with it
                run.stop()
            run.wait()
            run.check_books()
            assert run.lost() == {}
            return Traced(target.pid, said, run.rows())
