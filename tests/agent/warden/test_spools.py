from __future__ import annotations

from pathlib import Path

import pytest

from agent.warden.run_folder import RunFolder
from agent.warden.spools import Spools
from proto.v1.agent_pb2 import ActiveRun
from proto.v1.local_pb2 import Spooled

RUN = b"\x01" * 16


@pytest.fixture
def told() -> list[Spooled]:
    return []


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path, RUN)
    folder.create(b"", 0)
    return folder


@pytest.fixture
def spools(told: list[Spooled], folder: RunFolder) -> Spools:
    spools = Spools(told.append)
    spools.add(folder)
    return spools


def test_link_hears_of_every_advance_once(spools: Spools, told: list[Spooled]) -> None:
    for seq in (3, 3, 2, 5):
        spools.advance(RUN, seq)
    assert [news.seq for news in told] == [0, 3, 5]
    assert spools.active() == [ActiveRun(run_id=RUN, spooled_seq=5)]
    assert spools.unsent()


def test_a_new_link_is_told_where_to_go_on(spools: Spools, told: list[Spooled]) -> None:
    spools.advance(RUN, 9)
    spools.ack(RUN, 4)
    told.clear()
    spools.announce_all()
    assert told == [Spooled(run_id=RUN, seq=9, acked_seq=4)]


def test_the_folder_goes_when_the_end_is_stored(spools: Spools, folder: RunFolder) -> None:
    spools.advance(RUN, 9)
    spools.ack(RUN, 9)
    assert folder.path.exists(), "a live run may spool more"
    spools.advance(RUN, 10, ended=True)
    assert spools.ended(RUN)
    spools.ack(RUN, 10)
    assert not folder.path.exists()
    assert spools.active() == []


def test_acks_that_cannot_be_are_ignored(spools: Spools, folder: RunFolder) -> None:
    spools.advance(RUN, 3, ended=True)
    for run_id, seq in ((RUN, 4), (b"\x02" * 16, 3), (RUN, 0)):
        spools.ack(run_id, seq)
    assert folder.path.exists()
    assert spools.unsent()


def test_stored_files_are_trimmed(spools: Spools, folder: RunFolder) -> None:
    for first in (1, 4, 7):
        (folder.spool / f"{first:012d}.frames").write_bytes(b"x" * 10)
    spools.advance(RUN, 9)
    spools.ack(RUN, 5)
    spools.trim()
    assert [path.name for path in folder.files()] == ["000000000004.frames", "000000000007.frames"]
    assert spools.size() == 20


def test_an_unwanted_spool_is_dropped(spools: Spools, folder: RunFolder) -> None:
    spools.drop(RUN)
    spools.drop(RUN)
    assert not folder.path.exists()
