from __future__ import annotations

import asyncio
import errno
import uuid
from pathlib import Path

import pytest

from proto.frame import Frame, decode
from server.ingest import disk
from server.ingest.links import Link
from server.ingest.runs import OpenRun
from server.tracing.progress import Progress
from server.tracing.segments import segment_store
from server.tracing.store import writer
from tests.server.tracing.rows import SCHEMA, Frames


@pytest.fixture
def link() -> Link:
    return Link(uuid.uuid4(), "web-1")


@pytest.fixture
def run(link: Link, monkeypatch: pytest.MonkeyPatch) -> OpenRun:
    monkeypatch.setattr(disk, "RETRY_SECONDS", 0.01)
    made = OpenRun(uuid.uuid4(), uuid.uuid4(), link.host, Progress(uuid.uuid4()))
    made.pin(SCHEMA)
    segment_store().pin(made.session, made.id, SCHEMA)
    return made


def frames(count: int) -> list[Frame]:
    made = Frames()
    return [decode(made.rows_of(10)) for _ in range(count)]


def full(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "_write_all", refuse)


async def test_a_full_disk_is_told_tried_again_and_forgotten(
    link: Link, run: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        full(context)
        storing = asyncio.create_task(disk.store(link, run, frames(3)))
        async with asyncio.timeout(30):
            while not run.progress.note:
                await asyncio.sleep(0.01)
        assert run.progress.note.startswith("the server's disk is full: free space in ")
        assert run.dirty
        assert run.progress.stored_seq == 0
    assert (await asyncio.wait_for(storing, 30)).answer.ack.seq == 3
    assert run.progress.note == ""
    assert segment_store().last_seq(run.session, run.id) == 3


async def test_a_host_that_is_gone_is_not_waited_for(link: Link, run: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    full(monkeypatch)
    storing = asyncio.create_task(disk.store(link, run, frames(1)))
    link.close()
    with pytest.raises(ConnectionError, match="web-1 is gone"):
        await asyncio.wait_for(storing, 30)


def test_other_troubles_name_their_cause(tmp_path: Path) -> None:
    assert "Input/output error" in disk.trouble(OSError(errno.EIO, "Input/output error", str(tmp_path)))
