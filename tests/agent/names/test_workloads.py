from __future__ import annotations

from types import SimpleNamespace

import pytest

from agent.names import workloads
from agent.names.workloads import containers, pods, units
from proto.v1.agent_pb2 import Ask
from tests.workloads.groups import group, hierarchy

PLACES = [
    SimpleNamespace(container=SimpleNamespace(text="shop/web-0/nginx", id="3fa2" * 16, runtime="containerd")),
    SimpleNamespace(container=SimpleNamespace(text="cache", id="77aa" * 16, runtime="docker")),
    SimpleNamespace(container=None),
]


@pytest.fixture(autouse=True)
def _played(monkeypatch: pytest.MonkeyPatch) -> None:
    known = SimpleNamespace(containers=PLACES, pods=["shop/web-0"], unit_names=["nginx.service", "ssh.service"])
    monkeypatch.setattr(workloads, "Workloads", lambda left_out: known)


def test_a_container_is_found_by_its_name_or_id() -> None:
    assert [name.value for name in containers(Ask(limit=9)).names] == ["cache", "shop/web-0/nginx"]
    for text in ("web-0", "3fa2"):
        (name,) = containers(Ask(text=text, limit=9)).names
        assert (name.value, name.detail) == ("shop/web-0/nginx", "containerd 3fa23fa23fa2")


def test_pods_and_units_are_found_by_any_part() -> None:
    assert [name.value for name in pods(Ask(text="web", limit=9)).names] == ["shop/web-0"]
    found = units(Ask(text="s", limit=1))
    assert ([name.value for name in found.names], found.total) == (["ssh.service"], 2)


def test_of_control_groups_that_are_never_traced_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with group("fleetscope-told.service") as told, group("fleetscope-kept.service") as kept:
        asked = Ask(text="fleetscope-", limit=200)
        names = {name.value for name in units(asked).names}
        assert {told.name, kept.name} <= names
        asked.hidden.cgroups.append(f"/{kept.relative_to(hierarchy().root)}")
        assert {name.value for name in units(asked).names} == names - {kept.name}
