"""Rows say from which container they are, whatever the tool and whatever attaches it."""

from __future__ import annotations

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.harness import Run
from tests.agent.runner.traced import trace_workload
from tests.workloads.groups import container_id, group
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel

# One event of each tool in each of two groups.
THEN = """
for place in PLACES:
    with open(f"{place}/cgroup.procs", "w") as file: file.write("0")
    os.getpgid(0); os.kill(os.getpid(), 0)
"""
FUNCTION, CALL = {"function": "c:getpgid"}, {"tracepoint": "syscalls:sys_enter_getpgid"}


@pytest.mark.parametrize(("tool", "params"), [("killsnoop", {}), ("uprobe", FUNCTION), ("tracepoint", CALL)])
def test_a_row_has_the_container_in_which_the_task_was(tool: str, params: dict[str, str]) -> None:
    container = container_id()
    with group(f"docker/{container}/inner") as inside, group("plain.service") as outside:
        before = f"import os; PLACES = {[str(outside), str(inside), str(outside)]}"
        with workload("statements.py", before, THEN) as target:
            traced = trace_workload(Run(tool, params, Filters(pid=target.pid)), target, ends_itself=True)
        own, of_container = outside.stat().st_ino, inside.stat().st_ino
    found = [(row["cgroup"], row["container"]) for row in traced.rows]
    assert found[-2:] == [(of_container, container[:12]), (own, "")]
    assert {name for number, name in found if number != of_container} == {""}
