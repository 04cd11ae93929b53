"""A control group's path tells the container, in the forms that the common engines use."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.kernel.containers import Containers, container_of

ID = "0123456789ab" + "cdef" * 13


@pytest.mark.parametrize(
    ("path", "container"),
    [
        (f"system.slice/docker-{ID}.scope", ID[:12]),
        (f"docker/{ID}", ID[:12]),
        (f"kubepods.slice/kubepods-pod12.slice/cri-containerd-{ID}.scope", ID[:12]),
        (f"machine.slice/libpod-{ID}.scope/container", ID[:12]),
        ("machine.slice/machine-web.scope", "web"),
        ("user.slice/user-1000.slice", ""),
        ("", ""),
    ],
)
def test_container_of_a_path(path: str, container: str) -> None:
    assert container_of(path) == container


def test_ids_are_inode_numbers_and_new_groups_are_found(tmp_path: Path) -> None:
    group = tmp_path / "system.slice" / f"docker-{ID}.scope"
    group.mkdir(parents=True)
    containers = Containers(tmp_path)
    assert containers.container(group.stat().st_ino) == ID[:12]
    late = tmp_path / "late.slice"
    late.mkdir()
    assert containers.path(late.stat().st_ino) == "late.slice"
    assert containers.container(1) == ""
