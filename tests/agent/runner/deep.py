"""Calls so deep below others whose returns are traced that the kernel shows no return of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.harness import Run
from tests.workloads.compiled import build
from tests.workloads.spawn import workload

OPEN = 64  # MAX_URETPROBE_DEPTH of linux/uprobes.h
_BEFORE = """
import ctypes
library = ctypes.CDLL({library!r})
@ctypes.CFUNCTYPE(None)
def deepest(): act()
"""


def trace_deep_down(
    folder: Path, tool: str, before: str, params: Mapping[str, str] | None = None
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Rows and losses of a run on a process that calls the function `act` of ``before`` once by itself and once below
    as many traced calls as the kernel shows returns of."""
    library = build("recursion.c", folder, "-shared", "-fPIC")
    prepared = f"{before}{_BEFORE.format(library=str(library))}"
    with workload("statements.py", prepared, f"act(); library.dive({OPEN}, deepest)") as target:
        filters = Filters(pid=target.pid)
        with Run("funclatency", {"function": f"{library}:dive"}, filters) as above, Run(tool, params, filters) as run:
            assert (above.first.state, run.first.state) == (RunUpdate.STATE_ATTACHED,) * 2
            target.go()
            target.finish()
            for one in (above, run):
                one.wait()
                one.check_books()
            assert above.lost() == {}
            return run.rows(), run.lost()
