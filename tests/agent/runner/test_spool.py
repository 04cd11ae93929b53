"""The run's spool on the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from agent.runner import spool as module
from agent.runner.spool import Spool, SpoolFull


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_frames_follow_each_other_in_a_file_named_after_the_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 0, os.getgid())
    spool.append(1, b"one")
    spool.append(2, b"two")
    spool.close()
    assert content(tmp_path) == {"000000000001.frames": b"onetwo"}
    assert (tmp_path / "000000000001.frames").stat().st_mode & 0o777 == 0o640


def test_a_full_file_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILE_BYTES", 5)
    spool = Spool(tmp_path, 0, os.getgid())
    for seq in range(1, 5):
        spool.append(seq, b"abc")
    assert content(tmp_path) == {"000000000001.frames": b"abcabc", "000000000003.frames": b"abcabc"}


def test_a_share_that_is_used_up_refuses_until_files_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FILE_BYTES", 1)
    spool = Spool(tmp_path, 10, os.getgid())
    spool.append(1, b"12345")
    spool.append(2, b"12345")
    with pytest.raises(SpoolFull, match="of spool for this run are full"):
        spool.append(3, b"1")
    (tmp_path / "000000000001.frames").unlink()
    spool.append(3, b"1")
    assert content(tmp_path) == {"000000000002.frames": b"12345", "000000000003.frames": b"1"}


def test_the_last_frame_is_written_whatever_the_share(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 2, os.getgid())
    spool.append(1, b"the end", always=True)
    assert content(tmp_path) == {"000000000001.frames": b"the end"}


def test_a_frame_that_did_not_fit_on_the_disk_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, 0, os.getgid())
    spool.append(1, b"whole")

    def half(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[:2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_all", half)
        with pytest.raises(SpoolFull, match="this host's disk is full: free space in"):
            spool.append(2, b"torn")
    spool.append(2, b"next")
    assert content(tmp_path) == {"000000000001.frames": b"wholenext"}
