"""One run of a tool beside a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.harness import Run


@dataclass(slots=True)
class Seen:
    """``rows`` are there when the run is over."""

    run: Run
    rows: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def tracing(tool: str, filters: Filters, params: Mapping[str, str] | None = None) -> Iterator[Seen]:
    """Attached when the body begins; when it has ended the run is over, and has lost nothing."""
    with Run(tool, params, filters) as run:
        assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
        seen = Seen(run)
        yield seen
        run.stop()
        run.wait()
        run.check_books()
        assert run.lost() == {}
        seen.rows = run.rows()
