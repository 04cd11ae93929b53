"""A control group's number tells its container, with the kernel's own groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.kernel import group_names
from agent.kernel.cgroups import HOST, Hierarchy
from agent.kernel.group_names import GONE, GroupNames
from tests.workloads import groups

pytestmark = pytest.mark.kernel


@contextmanager
def log_of_kubelet(container: str) -> Iterator[None]:
    log = HOST / "var/log/containers" / f"shop-1_prod_web-{container}.log"
    with groups.host_file(log, ""):
        yield


def number(folder: Path) -> int:
    return folder.stat().st_ino


def test_a_group_in_a_container_tells_its_short_id_and_others_nothing() -> None:
    container = groups.container_id()
    with groups.group(f"docker/{container}/deeper") as folder:
        names = GroupNames()
        assert names.container(number(folder)) == container[:12]
        assert names.container(number(folder.parent)) == container[:12]
        assert names.container(number(folder.parent.parent)) == ""
        assert names.container(number(groups.hierarchy().root)) == ""


def test_a_group_that_is_gone_keeps_the_name_it_had() -> None:
    container = groups.container_id()
    names, late = GroupNames(), GroupNames()
    with groups.group(f"docker/{container}") as folder:
        group = number(folder)
        assert names.container(group) == container[:12]
    assert names.container(group) == container[:12]
    assert late.container(group) == GONE


def test_a_name_that_is_written_down_later_is_found() -> None:
    now = [0.0]
    container = groups.container_id()
    with groups.group(f"kubepods/{container}") as folder:
        names = GroupNames(clock=lambda: now[0])
        assert names.container(number(folder)) == container[:12]
        with log_of_kubelet(container):
            assert names.container(number(folder)) == container[:12]
            now[0] = group_names.NAMELESS_SECONDS + 1
            assert names.container(number(folder)) == "prod/shop-1/web"
        now[0] *= 3
        assert names.container(number(folder)) == "prod/shop-1/web"  # one look is enough


def test_only_so_many_groups_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_names, "KNOWN_MAX", 2)
    container = groups.container_id()
    names = GroupNames()
    with groups.group(f"docker/{container}") as folder:
        root = number(groups.hierarchy().root)
        asked = [names.container(group) for group in (number(folder), root, number(folder.parent), number(folder))]
    assert asked == [container[:12], "", "", container[:12]]
    assert len(names._known) <= 2


def test_nothing_stays_open_and_a_host_without_cgroup_v2_has_no_names(tmp_path: Path) -> None:
    before = _open_files()
    assert GroupNames([Hierarchy(tmp_path, "pids")]).container(7) == ""
    names = GroupNames()
    names.container(number(groups.hierarchy().root))
    assert names.container(2**62) == GONE
    assert _open_files() == before


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
