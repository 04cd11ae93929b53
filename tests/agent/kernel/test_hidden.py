"""Which processes and files a host's list means; that the kernel leaves them out is shown by runner/test_hiding.py."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agent.kernel.hidden import (
    HiddenError,
    groups,
    hidden_pids,
    host_root,
    identity,
    is_hidden,
    kernel_file,
    unified,
    within,
)
from proto.v1.agent_pb2 import Hidden
from tests.workloads.compiled import build, running
from tests.workloads.groups import group, hierarchy, join
from tests.workloads.spawn import workload


def test_a_file_has_the_kernels_numbers(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    found = kernel_file(str(file))
    stat = file.stat()
    assert found is not None and found.inode == stat.st_ino
    assert found.device == os.major(stat.st_dev) << 20 | os.minor(stat.st_dev)
    assert kernel_file(str(tmp_path / "missing")) is None
    assert kernel_file(str(file / "below")) is None


def test_a_file_is_found_below_a_root_that_is_held(tmp_path: Path) -> None:
    root, file = host_root(), tmp_path / "file"
    assert identity(str(file), root) is None
    file.touch()
    assert identity(str(file), root) == identity(str(file)) == (file.stat().st_dev, file.stat().st_ino)
    os.close(root)


@pytest.mark.parametrize("path", ["/proc/self/status", "/sys/kernel/vmcoreinfo"])
def test_where_numbers_mean_nothing_a_file_is_refused(path: str) -> None:
    with pytest.raises(HiddenError, match="where the kernel knows files by other numbers"):
        kernel_file(path)


def test_processes_by_their_program_also_when_its_file_is_gone(tmp_path: Path) -> None:
    program = build("burst.c", tmp_path)
    hidden = Hidden(binaries=[str(program)])
    with running(program, 1) as one, workload("named.py", "fs-other") as other:
        for step in (program.touch, program.unlink):
            step()
            found = hidden_pids(hidden)
            assert (one.pid in found, other.pid in found) == (True, False)
            assert (is_hidden(one.pid, hidden), is_hidden(other.pid, hidden)) == (True, False)


def test_processes_by_their_control_group_and_their_threads(tmp_path: Path) -> None:
    with group("kept/below") as folder, workload("named.py", "fs-inside") as inside:
        join(folder, inside.pid)
        path = f"/{folder.parent.relative_to(hierarchy().root)}"
        hidden = Hidden(cgroups=[path, "/not-there"])
        assert [found.path for found in groups(hidden, unified())] == [path[1:]]
        assert inside.pid in hidden_pids(hidden)
        for tid in os.listdir(f"/proc/{inside.pid}/task"):  # noqa: PTH208
            assert is_hidden(int(tid), hidden)
        assert not is_hidden(threading.get_native_id(), hidden)


def test_what_lies_below_a_listed_group_is_listed() -> None:
    tree = unified()
    found = {one.path: one for one in tree.groups()}
    with group("kept/below") as folder:
        top = str(folder.parent.relative_to(tree.root))
        made = {one.path: one for one in tree.groups() if one.path not in found}
        hidden = Hidden(cgroups=[f"/{top}"])
        assert {path for path, one in made.items() if within(one, hidden)} == {top, f"{top}/below"}


def test_without_cgroup_v2_a_listed_group_is_refused() -> None:
    with pytest.raises(HiddenError, match="cgroup v2 is not mounted here"):
        unified([])


def test_whoever_may_not_look_at_a_process_takes_it_for_a_hidden_one(tmp_path: Path) -> None:
    """As a user without rights, who cannot read what this process runs."""
    hidden, reads, writes = Hidden(binaries=[str(tmp_path / "none")]), *os.pipe()
    child = os.fork()
    if not child:
        os.setresuid(65534, 65534, 65534)
        os.write(writes, b"yes" if is_hidden(os.getppid(), hidden) else b"no")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert os.read(reads, 9) == b"yes"
    os.close(reads)
    os.close(writes)
    assert not is_hidden(os.getpid(), hidden)
