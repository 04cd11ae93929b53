"""A control group's path tells the container, in the forms that the common engines use."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.kernel.cgroups import Group, Hierarchy
from agent.kernel.container_names import Naming
from agent.kernel.containers import container_of, containers_in, pod_uid_of

ID = "0123456789ab" + "cdef" * 13
OTHER = "f" * 64
UID = "0b8e9c1e-6a4b-4f0e-9d0a-2f6f5f6d7a8b"
SYSTEMD_POD = f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UID.replace('-', '_')}.slice"


@pytest.mark.parametrize(
    ("path", "container", "runtime", "pod"),
    [
        (f"system.slice/docker-{ID}.scope", ID, "docker", ""),
        (f"docker/{ID}", ID, "docker", ""),
        (f"docker/{ID}/init.scope/deep", ID, "docker", ""),
        (f"docker/{OTHER}/docker/{ID}", ID, "docker", ""),
        (f"{SYSTEMD_POD}/cri-containerd-{ID}.scope", ID, "containerd", UID),
        (f"kubepods/besteffort/pod{UID}/{ID}", ID, "", UID),
        (
            f"system.slice/containerd.service/{SYSTEMD_POD.rpartition('/')[2]}:cri-containerd:{ID}",
            ID,
            "containerd",
            UID,
        ),
        (f"{SYSTEMD_POD}/crio-{ID}.scope/container", ID, "cri-o", UID),
        (f"machine.slice/libpod-{ID}.scope/container", ID, "podman", ""),
        (f"libpod_parent/libpod-{ID}", ID, "podman", ""),
        ("lxc.payload.web 1/x", "web 1", "lxc", ""),
        ("machine.slice/machine-web\\x2d1.scope", "web-1", "systemd-nspawn", ""),
    ],
)
def test_container_of_a_path(path: str, container: str, runtime: str, pod: str) -> None:
    found = container_of(path, Naming(Path("/nonexistent")))
    assert found is not None
    assert (found.id, found.runtime, found.pod_uid) == (container, runtime, pod)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "user.slice/user-1000.slice",
        f"machine.slice/libpod-conmon-{ID}.scope",
        f"{SYSTEMD_POD}/crio-conmon-{ID}.scope",
        f"docker/{ID[:63]}",
        f"docker/{ID.upper()}",
        "lxc.monitor.web",
    ],
)
def test_what_only_looks_like_a_container_is_none(path: str) -> None:
    assert container_of(path, Naming(Path("/nonexistent"))) is None


def test_the_group_of_a_container_is_its_own_not_those_below() -> None:
    tree = Hierarchy(Path("/"))
    groups = [Group(tree, path, number) for number, path in enumerate(("", "docker", f"docker/{ID}", f"docker/{ID}/x"))]
    assert {group.id: container.id for group, container in containers_in(groups, Naming(Path("/none"))).items()} == {
        2: ID
    }


def test_a_pod_has_a_group_of_its_own() -> None:
    assert pod_uid_of(f"pod{UID}") == UID
    assert pod_uid_of("kubepods-pod0123456789abcdef0123456789abcdef.slice") == "0123456789abcdef0123456789abcdef"
    assert pod_uid_of("kubepods-burstable.slice") == ""
    assert pod_uid_of("podman.service") == ""
