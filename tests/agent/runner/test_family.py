"""Who belongs to a family, by lists of processes and births; the kernel's part is shown in test_targets.py."""

from __future__ import annotations

import os
import subprocess

import pytest

from agent.kernel.processes import find_process
from agent.runner import family
from agent.runner.family import Family

MAPS = {"fs_family": 1, "fs_births": 2, "fs_state": 3}


class Maps:
    """Stands in for BPF's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, births: dict[int, int]) -> None:
        births_map = {pid.to_bytes(4, "little"): parent.to_bytes(4, "little") for pid, parent in births.items()}
        self.content: dict[int, dict[bytes, bytes]] = {1: {}, 2: births_map, 3: {}}
        monkeypatch.setattr(family, "insert_map", self.insert)
        monkeypatch.setattr(family, "update_map", lambda fd, key, value: self.content[fd].update({key: value}))
        monkeypatch.setattr(family, "delete_map", lambda fd, key: self.content[fd].pop(key, None))
        monkeypatch.setattr(family, "lookup_map", lambda fd, key, _: self.content[fd].get(key))
        monkeypatch.setattr(family, "map_keys", lambda fd, _: list(self.content[fd]))

    def insert(self, fd: int, key: bytes, value: bytes) -> bool:
        return self.content[fd].setdefault(key, value) is value

    @property
    def members(self) -> set[int]:
        return {int.from_bytes(key, "little") for key in self.content[1]}


def test_children_are_found_in_proc_and_among_the_births(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child, subprocess.Popen(["sleep", "60"]) as other:
        orphan = os.getppid()  # stands for a process whose parent has gone: only its birth tells of it
        maps = Maps(monkeypatch, {orphan: child.pid, 2**22 + 1: child.pid})
        followed = Family(find_process(child.pid), MAPS)
        followed.fill()
        assert {child.pid, orphan} <= maps.members
        assert other.pid not in maps.members
        assert 2**22 + 1 not in maps.members, "it is gone, and its number may be another's"
        assert maps.content[3], "settled"
        other.kill()
        child.communicate()
        assert followed.alive(), "the orphan lives"
        maps.content[1] = {}
        followed._alive = None
        assert not followed.alive()


def test_a_family_that_outgrew_its_room_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = Maps(monkeypatch, {})
    followed = Family(find_process(os.getpid()), MAPS)
    assert not followed.full()
    maps.content[3][(1).to_bytes(4, "little")] = (1).to_bytes(8, "little")
    assert followed.full()
