"""Which maps are filled; that they select the right tasks is what test_targets.py shows."""

from __future__ import annotations

import os
import subprocess

import pytest

from agent.runner import selection
from agent.runner.found_targets import FoundTargets
from proto.v1.agent_pb2 import Exclusions, Filters

Written = dict[int, dict[bytes, bytes]]
FREE = 2**22 + 1  # no process has this number
MAPS = {name: number for number, name in enumerate(selection.MAPS)}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    maps: Written = {number: {} for number in MAPS.values()}
    monkeypatch.setattr(selection, "update_map", lambda fd, key, value: maps[fd].update({key: value}))
    return maps


def test_a_family_and_whom_the_host_hides_need_hooks_of_their_own() -> None:
    assert set(selection.hooks({"fs_state": 1})) == {"fs_on_fork"}
    assert set(selection.hooks({"fs_family": 1})) == {"fs_on_fork", "fs_on_free"}
    assert set(selection.hooks({"fs_hidden": 1})) == {"fs_on_fork", "fs_on_free", "fs_on_exec"}
    assert set(selection.hooks({"fs_hidden_paths": 1})) == {"fs_on_fork", "fs_on_mkdir"}


def test_names_and_numbers_go_where_the_probes_look(written: Written) -> None:
    filters = Filters(comm="x" * 15, exclude=Exclusions(comm=["b"], uid=[7], tid=[8]))
    selection.fill(MAPS, filters, FoundTargets())
    assert written[MAPS["fs_comm_wanted"]] == {bytes(4): b"x" * 15 + b"\0"}
    assert written[MAPS["fs_not_comms"]] == {b"b".ljust(16, b"\0"): b"\1"}
    assert sorted(written[MAPS["fs_not"]]) == sorted(
        [(1 << 32 | 8).to_bytes(8, "little"), (2 << 32 | 7).to_bytes(8, "little")]
    )


def test_the_agents_own_are_skipped_with_what_they_fork(written: Written) -> None:
    selection.fill_skipped(MAPS, Filters(exclude=Exclusions(pid=[3])), [FREE], [1])
    skipped = {int.from_bytes(key, "little"): value for key, value in written[MAPS["fs_skip_pids"]].items()}
    assert (skipped[1], skipped[FREE], skipped[3]) == (b"\2", b"\2", b"\1")
    selection.fill_skipped({}, Filters(pid=1), [FREE], [1])


def test_a_family_is_skipped_with_its_children_unless_one_of_them_is_asked_for(written: Written) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        assert child.stdin
        selection.fill_skipped(MAPS, Filters(pid=child.pid, follow=True), [os.getpid()], [FREE])
        assert child.pid.to_bytes(4, "little") not in written[MAPS["fs_skip_pids"]]
        selection.fill_skipped(MAPS, Filters(), [os.getpid()], [FREE])
        assert written[MAPS["fs_skip_pids"]][child.pid.to_bytes(4, "little")] == b"\2"
        child.stdin.close()
