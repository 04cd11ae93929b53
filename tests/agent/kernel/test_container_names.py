"""Names from files as the engines write them, and from files that somebody made to be trouble."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agent.kernel.container_names import Names, Naming

ID = "0123456789ab" + "cdef" * 13
DOCKER = f"var/lib/docker/containers/{ID}/config.v2.json"
LABELS = {
    "io.kubernetes.container.name": "web",
    "io.kubernetes.pod.name": "shop-1",
    "io.kubernetes.pod.namespace": "prod",
}
CRI = {
    "io.kubernetes.cri.container-name": "web",
    "io.kubernetes.cri.sandbox-name": "shop-1",
    "io.kubernetes.cri.sandbox-namespace": "prod",
    "io.kubernetes.cri.image-name": "nginx:1",
}
POD = Names("web", "nginx:1", "shop-1", "prod")


def write(host: Path, path: str, content: Any) -> None:
    (host / path).parent.mkdir(parents=True, exist_ok=True)
    (host / path).write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.mark.parametrize(
    ("path", "content", "names"),
    [
        (DOCKER, {"Name": "/web", "Config": {"Image": "nginx:1", "Labels": {}}}, Names("web", "nginx:1")),
        (DOCKER, {"Name": "/k8s_web_shop", "Config": {"Image": "nginx:1", "Labels": LABELS}}, POD),
        (f"run/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json", {"annotations": CRI}, POD),
        (f"run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json", {"annotations": CRI}, POD),
        (
            f"run/containerd/io.containerd.runtime.v2.task/default/{ID}/config.json",
            {"annotations": {"nerdctl/name": "web"}},
            Names("web"),
        ),
        (
            f"run/containers/storage/overlay-containers/{ID}/userdata/config.json",
            {"annotations": {**LABELS, "io.kubernetes.cri-o.ImageName": "nginx:1"}},
            POD,
        ),
        (
            "var/lib/containers/storage/overlay-containers/containers.json",
            [{"id": "x"}, {"id": ID, "names": ["web"], "metadata": json.dumps({"image-name": "nginx:1", "name": "n"})}],
            Names("web", "nginx:1"),
        ),
        (f"var/log/containers/shop-1_prod_web-{ID}.log", "", Names("web", "", "shop-1", "prod")),
    ],
)
def test_names_as_the_engines_keep_them(tmp_path: Path, path: str, content: Any, names: Names) -> None:
    write(tmp_path, path, content)
    assert Naming(tmp_path).names(ID) == names


def test_docker_may_keep_its_files_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, "etc/docker/daemon.json", {"data-root": "/data/docker"})
    write(tmp_path, f"data/docker/containers/{ID}/config.v2.json", {"Name": "/web"})
    assert Naming(tmp_path).names(ID).name == "web"


@pytest.mark.parametrize(
    "content", ["", "{", "[" * 100_000, "[]", '{"Name": 7, "Config": []}', '{"Config": {"Labels": [1]}}', "\xff"]
)
def test_a_file_that_makes_no_sense_gives_no_name(tmp_path: Path, content: str) -> None:
    write(tmp_path, DOCKER, content)
    assert Naming(tmp_path).names(ID) == Names()


def test_a_file_that_never_ends_is_not_read(tmp_path: Path) -> None:
    (tmp_path / DOCKER).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / DOCKER)
    assert Naming(tmp_path).names(ID) == Names()


def test_a_name_is_one_printable_line_whatever_it_was(tmp_path: Path) -> None:
    write(tmp_path, DOCKER, {"Name": "/a\x1b[2J\nb" + "x" * 999})
    name = Naming(tmp_path).names(ID).name
    assert name.startswith("a?[2J?bxxx")
    assert len(name) < 300


def test_a_name_is_looked_up_once_until_it_is_forgotten(tmp_path: Path) -> None:
    naming = Naming(tmp_path)
    assert naming.names(ID) == Names()
    write(tmp_path, DOCKER, {"Name": "/web"})
    assert naming.names(ID) == Names()
    naming.forget()
    assert naming.names(ID) == Names("web")
