"""What is written becomes durable behind the back of whoever writes."""

from __future__ import annotations

import errno
import os
import select
import threading
from pathlib import Path

import pytest

from agent.runner.syncer import Syncer


@pytest.fixture
def file(tmp_path: Path) -> int:
    return os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)


def test_a_slow_disk_keeps_nobody_waiting_and_is_told_when_done(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda _: slow.wait(60))
    syncer = Syncer()
    syncer.want(file, 1)
    syncer.want(file, 2)
    syncer.want(file, 3)
    assert syncer.durable == 0
    assert select.select([syncer.descriptor], [], [], 0)[0] == []
    slow.set()
    assert select.select([syncer.descriptor], [], [], 30)[0] == [syncer.descriptor]
    syncer.settle()
    assert syncer.durable == 3
    syncer.heard()
    syncer.heard()


def test_many_writes_of_one_file_are_one_sync(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, synced = threading.Event(), []

    def sync(descriptor: int) -> None:
        slow.wait(60)
        synced.append(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    syncer = Syncer()
    for seq in range(1, 100):
        syncer.want(file, seq)
    slow.set()
    syncer.settle()
    assert syncer.durable == 99
    assert 1 <= len(synced) <= 2


def test_a_finished_file_is_synced_and_closed(file: int) -> None:
    syncer = Syncer()
    syncer.want(file, 7, last=True)
    syncer.settle()
    assert syncer.durable == 7
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)


def test_a_disk_that_fails_is_told_and_nothing_counts_as_durable(file: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", fail)
    syncer = Syncer()
    syncer.want(file, 1)
    with pytest.raises(OSError, match="Input/output error"):
        syncer.settle()
    with pytest.raises(OSError, match="Input/output error"):
        syncer.want(file, 2)
    assert syncer.durable == 0
