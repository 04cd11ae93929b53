"""Names that people use, found in hierarchies made of plain folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.kernel.cgroups import Hierarchy
from agent.kernel.container_names import Naming
from agent.kernel.workloads import LISTS, NotFoundError, Place, Workloads

WEB, DB, OLD = "aaaa11" + "1" * 58, "aaaa22" + "2" * 58, "bbbb33" + "3" * 58
POD = "kubepods.slice/kubepods-pod0b8e9c1e_6a4b_4f0e_9d0a_2f6f5f6d7a8b.slice"
V2 = (
    f"system.slice/docker-{WEB}.scope/inner",
    f"system.slice/docker-{DB}.scope",
    f"{POD}/cri-containerd-{'c' * 64}.scope",
    f"{POD}/cri-containerd-{'d' * 64}.scope",
    f"other/cri-containerd-{'e' * 64}.scope",
    "system.slice/nginx.service/worker",
    "system.slice/_cgroup.service",
    "user.slice/user-1.slice/user@1.service/app.slice/nginx.service",
    "user.slice/user-1.slice/user@1.service/app.slice/only.service",
)
V1 = (f"docker/{OLD}", f"docker/{WEB}")


@pytest.fixture
def here(tmp_path: Path) -> Workloads:
    for root, paths in (("v2", V2), ("memory", V1)):
        for path in paths:
            (tmp_path / root / path).mkdir(parents=True)
    for number, name in ((WEB, "web"), (DB, "db")):
        file = tmp_path / f"var/lib/docker/containers/{number}/config.v2.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"Name": f"/{name}"}))
    logs = tmp_path / "var/log/containers"
    logs.mkdir(parents=True)
    for letter, pod in (("c", "shop-1_prod_web"), ("d", "shop-1_prod_pause"), ("e", "shop-1_test_web")):
        (logs / f"{pod}-{letter * 64}.log").touch()
    return Workloads([Hierarchy(tmp_path / "v2"), Hierarchy(tmp_path / "memory", "memory")], Naming(tmp_path))


def paths(*places: Place) -> list[str]:
    return [place.groups[0].path for place in places]


@pytest.mark.parametrize("wanted", ["web", WEB, WEB[:12], "aaaa11"])
def test_a_container_is_found_by_name_or_the_beginning_of_its_id(here: Workloads, wanted: str) -> None:
    # "web" is also the name of two containers of Kubernetes.
    if wanted == "web":
        with pytest.raises(NotFoundError, match=r"3 containers here are 'web': prod/shop-1/web .*; name one by its id"):
            here.container(wanted)
        return
    assert paths(here.container(wanted)) == [f"system.slice/docker-{WEB}.scope"]
    assert [group.hierarchy.controller for group in here.container(wanted).groups] == ["", "memory"]


def test_the_text_of_the_column_is_a_name_too(here: Workloads) -> None:
    assert paths(here.container("test/shop-1/web")) == [f"other/cri-containerd-{'e' * 64}.scope"]


def test_a_container_that_only_v1_knows_is_found_there(here: Workloads) -> None:
    (group,) = here.container("bbbb").groups
    assert (group.hierarchy.controller, group.path) == ("memory", f"docker/{OLD}")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("dbb", "no container 'dbb' runs on this host; did you mean db?"),
        ("aaaa", "2 containers here are 'aaaa': db .aaaa22222222., web .aaaa11111111.; name one by its id"),
        ("aaa", "no container 'aaa' runs on this host"),
        ("Web", "no container 'Web' runs on this host; did you mean"),
        ("", "no container '' runs on this host"),
    ],
)
def test_a_container_that_is_not_there_or_not_one_is_said(here: Workloads, wanted: str, said: str) -> None:
    with pytest.raises(NotFoundError, match=said):
        here.container(wanted)


def test_a_pod_is_its_own_group_and_its_containers(here: Workloads) -> None:
    found = here.pod("prod/shop-1")
    assert paths(*found) == [
        POD,
        f"{POD}/cri-containerd-{'c' * 64}.scope",
        f"{POD}/cri-containerd-{'d' * 64}.scope",
    ]
    with pytest.raises(NotFoundError, match="2 pods here are 'shop-1': prod/shop-1, test/shop-1; name one with its"):
        here.pod("shop-1")
    with pytest.raises(NotFoundError, match="no pod 'shop' runs on this host; did you mean prod/shop-1 or test/shop-1"):
        here.pod("shop")


def test_a_unit_is_systemds_own_before_those_of_users(here: Workloads) -> None:
    assert paths(*here.unit("nginx")) == ["system.slice/nginx.service"]
    assert paths(*here.unit("nginx.service")) == ["system.slice/nginx.service"]
    assert paths(*here.unit("only.service")) == ["user.slice/user-1.slice/user@1.service/app.slice/only.service"]
    assert paths(*here.unit("cgroup.service")) == ["system.slice/_cgroup.service"]
    assert paths(*here.unit("system.slice")) == ["system.slice"]
    with pytest.raises(NotFoundError, match="no unit 'nginxx' runs on this host; did you mean nginx"):
        here.unit("nginxx")


def test_a_group_is_found_by_its_number_in_cgroup_v2_alone(here: Workloads) -> None:
    group = here.container("db").groups[0]
    assert here.group(group.id).groups == (group,)
    old = here.container("bbbb").groups[0]
    with pytest.raises(NotFoundError, match=f"no cgroup v2 here has the id {old.id}"):
        here.group(old.id)


def test_there_is_a_list_of_each_kind_to_choose_from(here: Workloads) -> None:
    assert LISTS["container"](here) == [
        "bbbb33333333",
        "db",
        "prod/shop-1/pause",
        "prod/shop-1/web",
        "test/shop-1/web",
        "web",
    ]
    assert LISTS["pod"](here) == ["prod/shop-1", "test/shop-1"]
    assert "nginx.service" in LISTS["unit"](here)
