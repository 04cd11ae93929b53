from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.files import sync_folder, write_all, write_atomic


def test_an_atomic_write_replaces_the_file_and_sets_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    write_atomic(path, b"new", 0o640)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_an_atomic_write_does_not_follow_a_planted_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".file.new").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        write_atomic(tmp_path / "file", b"evil")
    assert victim.read_text() == "precious"


def test_write_all_goes_on_after_a_short_write() -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    pid = os.fork()
    if pid == 0:
        os.close(read)
        write_all(write, b"x" * 300_000)
        os._exit(0)
    os.close(write)
    os.set_blocking(read, True)
    with os.fdopen(read, "rb") as file:
        assert len(file.read()) == 300_000
    assert os.waitpid(pid, 0)[1] == 0


def test_a_missing_folder_cannot_be_synced(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "missing")
