"""Groups of a hierarchy that is made of plain folders, and of this machine's."""

from __future__ import annotations

import os
from pathlib import Path

from agent.kernel.cgroups import Hierarchy, hierarchies
from tests.workloads.groups import group, join
from tests.workloads.spawn import workload

MOUNTS = """\
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
"""


def test_cgroup_v2_comes_first_and_hierarchies_that_bpf_cannot_tell_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    found = hierarchies(tmp_path / "mounts", Path("/host"))
    roots = [("", "unified"), ("cpu", "cpu,cpuacct"), ("cpuacct", "cpu,cpuacct")]
    assert [(tree.controller, tree.root) for tree in found] == [
        (name, Path("/host/sys/fs/cgroup") / folder) for name, folder in roots
    ]


def test_groups_are_named_by_their_path_and_known_by_the_number_of_their_folder(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a.b").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    groups = {found.path: found for found in Hierarchy(tmp_path).groups()}
    assert list(groups) == ["", "a", "a/b", "a/b/c", "a.b"]
    deep = groups["a/b/c"]
    assert (deep.name, deep.level, deep.id) == ("c", 3, (tmp_path / "a/b/c").stat().st_ino)
    assert groups[""].level == 0


def test_a_group_is_populated_while_a_process_is_in_it_or_below() -> None:
    for controller in ("", "memory"):
        with group("outer/inner", controller) as folder, workload("sleeps.py", "60") as sleeper:
            outer = next(
                found
                for tree in hierarchies()
                if tree.controller == controller
                for found in tree.groups()
                if found.id == folder.parent.stat().st_ino
            )
            assert not outer.populated()
            join(folder, sleeper.pid)
            assert outer.populated()
            assert outer.pids() == [sleeper.pid]
            sleeper.process.kill()
            sleeper.process.wait()
            assert not outer.populated()
    assert not outer.populated(), "it is gone"
    assert os.getpid() not in outer.pids()
