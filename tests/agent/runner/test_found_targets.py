"""From filters to what they mean here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agent.kernel.cgroups import Hierarchy
from agent.kernel.container_names import Naming
from agent.kernel.workloads import Workloads
from agent.runner import found_targets as module
from agent.runner.found_targets import TargetError, check_pid_namespace, check_sockets, find_targets
from bpf.program import Groups
from proto.v1 import tool_pb2 as pb
from proto.v1.agent_pb2 import Exclusions, Filters

ONE, TWO = "a" * 64, "b" * 64


def workloads(tmp_path: Path, **trees: list[str]) -> Workloads:
    for name, paths in trees.items():
        for path in paths:
            (tmp_path / name / path).mkdir(parents=True)
    found = [Hierarchy(tmp_path / name, "" if name == "v2" else name) for name in trees]
    return Workloads(found, Naming(tmp_path))


def test_numbers_and_names_that_need_no_host_resolve_to_nothing() -> None:
    assert not find_targets(Filters(uid=0, comm="x", exclude=Exclusions(uid=[1], comm=["y"])))


def test_processes_are_told_with_what_makes_them_unique() -> None:
    excluded = Exclusions(tid=[os.getpid()])
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        found = find_targets(Filters(pid=os.getpid(), follow=True, ppid=os.getppid(), exclude=excluded)).message()
        child.communicate()
    pid, ppid, tid = found.processes
    assert (pid.filter, pid.pid, pid.excluded) == ("pid", os.getpid(), False)
    assert child.pid in pid.children
    assert (ppid.filter, ppid.pid) == ("ppid", os.getppid())
    assert (tid.filter, tid.pid, tid.tid, tid.excluded) == ("tid", os.getpid(), os.getpid(), True)
    assert pid.started_ticks == tid.started_ticks > 0


def test_of_users_who_are_left_out_no_process_is_listed(tmp_path: Path) -> None:
    here = workloads(tmp_path, v2=[f"docker/{ONE}"])
    (tmp_path / f"v2/docker/{ONE}/cgroup.procs").write_text(f"{os.getpid()}\n")
    for uids, listed in (([os.getuid() + 1], [os.getpid()]), ([os.getuid()], [])):
        found = find_targets(Filters(container=ONE, exclude=Exclusions(uid=uids)), here).message()
        assert list(found.groups[0].pids) == listed
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        mine = Filters(pid=os.getpid(), follow=True, exclude=Exclusions(uid=[os.getuid()]))
        assert list(find_targets(mine).message().processes[0].children) == []
        child.communicate()


def test_groups_tell_the_probes_where_to_look(tmp_path: Path) -> None:
    here = workloads(tmp_path, v2=[f"docker/{ONE}", f"a/b/docker-{TWO}.scope"])
    found = find_targets(Filters(container=ONE, exclude=Exclusions(container=[TWO])), here)
    assert found.selection == Groups(frozenset({2, 3}))
    assert [(group.bits, group.excluded) for group in found.groups] == [(2, False), (1, True)]
    message = found.message().groups[0]
    assert (message.container, message.runtime, message.path) == (ONE, "docker", f"docker/{ONE}")


def test_groups_of_v1_are_looked_for_in_one_hierarchy_that_has_them_all(tmp_path: Path) -> None:
    here = workloads(tmp_path, v2=["x"], memory=[f"docker/{ONE}"], cpu=[f"docker/{ONE}", f"docker/{TWO}"])
    found = find_targets(Filters(container=ONE, exclude=Exclusions(container=[TWO])), here)
    assert found.selection == Groups(frozenset(), "cpu_cgrp_id")
    here = workloads(tmp_path / "again", v2=["x"], memory=[f"docker/{ONE}"], cpu=[f"docker/{TWO}"])
    with pytest.raises(TargetError, match="different v1 hierarchies; name one of them at a time"):
        find_targets(Filters(container=ONE, exclude=Exclusions(container=[TWO])), here)


def test_sockets_are_found_by_groups_of_cgroup_v2_only(tmp_path: Path) -> None:
    tool = pb.Tool(name="states", task=pb.TASK_MEANING_SOCKET)
    old = find_targets(Filters(container=ONE), workloads(tmp_path, v2=["x"], cpu=[f"docker/{ONE}"]))
    with pytest.raises(TargetError, match="states knows a socket's control group only in cgroup v2"):
        check_sockets(tool, old)
    check_sockets(pb.Tool(task=pb.TASK_MEANING_CALLER), old)
    check_sockets(tool, find_targets(Filters(container=ONE), workloads(tmp_path / "new", v2=[f"docker/{ONE}"])))


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(pid=2**22 + 1), "no process 4194305 runs"),
        (Filters(exclude=Exclusions(ppid=[2**22 + 1])), "no process 4194305 runs"),
        (Filters(container="web"), "no container 'web' runs on this host; no container does"),
        (Filters(exclude=Exclusions(unit=["nginx"])), "no unit 'nginx' runs on this host; no unit does"),
        (Filters(cgroup=7), "no cgroup v2 here has the id 7"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, filters: Filters, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        find_targets(filters, workloads(tmp_path, v2=["x"]))


def test_more_than_fits_on_record_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = workloads(tmp_path, v2=[f"docker/{ONE}"])
    size = find_targets(Filters(container=ONE), here).message().ByteSize()
    monkeypatch.setattr(module, "RECORD_BYTES_MAX", size)
    find_targets(Filters(container=ONE), here)
    monkeypatch.setattr(module, "RECORD_BYTES_MAX", size - 1)
    with pytest.raises(TargetError, match="mean 1 control groups and 0 processes here, more than fits on record"):
        find_targets(Filters(container=ONE), here)


def test_a_group_without_processes_has_no_files_to_look_at(tmp_path: Path) -> None:
    found = find_targets(Filters(container=ONE), workloads(tmp_path, v2=[f"docker/{ONE}"]))
    with pytest.raises(TargetError, match="no process runs there whose files"):
        found.pids(Filters(container=ONE))


def test_functions_are_looked_up_in_the_files_of_the_target(tmp_path: Path) -> None:
    assert find_targets(Filters()).pids(Filters()) == [-1]
    assert find_targets(Filters(pid=os.getpid())).pids(Filters(pid=os.getpid())) == [os.getpid()]


def test_numbers_mean_nothing_in_a_pid_namespace_of_ones_own(tmp_path: Path) -> None:
    check_pid_namespace()
    with pytest.raises(TargetError, match="--pid=host"):
        check_pid_namespace(tmp_path)
