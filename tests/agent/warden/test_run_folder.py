from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.warden.run_folder import RunFolder, RunnerMark, folders
from proto import frame
from proto.v1.stream_pb2 import BatchHead, RunEnd

RUN = b"\x01" * 16
GID = 61999


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path, RUN)
    folder.create(b"envelope", GID)
    return folder


def frame_of(seq: int, rows: int = 10) -> bytes:
    return frame.encode(BatchHead(run_id=RUN, seq=seq, rows=rows, first_row=(seq - 1) * 10), b"body" * 100)


def write(folder: RunFolder, first: int, last: int, torn: bytes = b"") -> Path:
    path = folder.spool / f"{first:012d}.frames"
    path.write_bytes(b"".join(frame_of(seq) for seq in range(first, last + 1)) + torn)
    return path


def test_link_may_read_the_spool_and_nothing_else(folder: RunFolder) -> None:
    assert folder.spool.stat().st_gid == GID
    assert folder.spool.stat().st_mode & 0o777 == 0o750
    assert (folder.path / "envelope.pb").stat().st_mode & 0o777 == 0o600


def test_the_runner_mark_survives(folder: RunFolder) -> None:
    assert folder.runner() is None
    folder.mark_runner(RunnerMark("boot", 12, 34))
    assert folder.runner() == RunnerMark("boot", 12, 34)
    (folder.path / "run.json").write_text("[]")
    assert folder.runner() is None


def test_the_tail_is_the_last_whole_frame(folder: RunFolder) -> None:
    assert folder.tail() is None
    write(folder, 1, 3)
    path = write(folder, 4, 5, torn=frame_of(6)[:50])
    tail = folder.tail()
    assert tail is not None
    assert (tail.path, tail.head.seq, tail.torn) == (path, 5, 50)
    write(folder, 6, 5, torn=b"FSF1")
    tail = folder.tail()
    assert tail is not None and tail.head.seq == 5, "a file without a whole frame does not count"


def test_what_is_whole_behind_damage_counts(folder: RunFolder) -> None:
    path = write(folder, 1, 3)
    data = bytearray(path.read_bytes())
    data[len(frame_of(1)) + 60] ^= 0xFF
    path.write_bytes(data)
    tail = folder.tail()
    assert tail is not None and (tail.head.seq, tail.torn) == (3, 0)


@pytest.mark.parametrize("torn", [b"", b"FSF1", frame_of(6)[:-1]])
def test_the_end_frame_replaces_a_torn_tail(folder: RunFolder, torn: bytes) -> None:
    path = write(folder, 1, 5, torn=torn)
    write(folder, 6, 5, torn=torn)
    folder.append_end(BatchHead(run_id=RUN, seq=6, end=RunEnd(message="over")), GID)
    with path.open("rb") as file:
        heads = [one.head for _, one in frame.scan(file)]
    assert [head.seq for head in heads] == [1, 2, 3, 4, 5, 6]
    assert heads[-1].end.message == "over"
    assert folder.files() == [path]
    assert path.stat().st_gid == GID


def test_the_end_frame_may_be_the_first_and_link_can_read_it(folder: RunFolder) -> None:
    before = os.umask(0o077)
    folder.append_end(BatchHead(run_id=RUN, seq=1, end=RunEnd(message="never began")), GID)
    os.umask(before)
    tail = folder.tail()
    assert tail is not None and tail.head.end.message == "never began"
    assert (tail.path.stat().st_gid, tail.path.stat().st_mode & 0o777) == (GID, 0o640)


def test_only_wholly_stored_files_go_and_the_books_stay(folder: RunFolder) -> None:
    for first in (1, 4, 7, 10):
        write(folder, first, first + 2)
    folder.trim(2)
    assert folder.first_seq == 1
    folder.trim(3)
    assert folder.first_seq == 4
    folder.trim(12)
    assert [path.name for path in folder.files()] == ["000000000007.frames", "000000000010.frames"]
    assert folder.size() == sum(path.stat().st_size for path in folder.files())


def test_folders_are_found_by_their_run_id(folder: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    (tmp_path / ("ab" * 16)).write_text("no folder")
    assert [found.run_id for found in folders(tmp_path)] == [RUN]
    folder.remove()
    assert not folder.path.exists()
    assert (tmp_path / "lost+found").exists()


def test_the_record_of_the_end_is_remembered(folder: RunFolder) -> None:
    assert not folder.recorded
    folder.mark_recorded()
    assert folder.recorded
