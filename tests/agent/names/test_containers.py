from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.names.containers import container_of, named

ID = "3fa2" + "0123456789ab" * 5


@pytest.mark.parametrize(
    "group",
    [
        f"0::/system.slice/docker-{ID}.scope",
        f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope",
        f"12:pids:/docker/{ID}\n0::/",
        f"0::/machine.slice/libpod-{ID}.scope/container",
    ],
)
def test_runtimes_name_their_groups_by_the_container(group: str) -> None:
    assert named(group) == "container 3fa201234567"


def test_others_are_in_none() -> None:
    assert named("0::/user.slice/user-1000.slice/session-1.scope") == ""
    assert container_of(4194303) == ""
    assert container_of(os.getpid()) == named(Path(f"/proc/{os.getpid()}/cgroup").read_text())
