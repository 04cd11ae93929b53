from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest
from asgiref.sync import sync_to_async

from server import nudge
from server.accounts.models import User
from server.tracing import follow as follow_module
from server.tracing import nudges
from server.tracing.follow import Follower, gather
from server.tracing.models import Session
from server.tracing.rows import RunSource
from server.tracing.segments import segment_store
from server.tracing.store import StoredBatch
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def running(user: Callable[..., User]) -> Traced:
    return traced(user(), hosts=2)


def shown(source: RunSource, stored: StoredBatch) -> bytes:
    return f"{source.host}:{stored.seq}:{stored.head.rows} ".encode()


def follower(running: Traced) -> Follower:
    return Follower(segment_store(), running.session.pk, shown)


async def take(chunks: AsyncIterator[bytes], until: Callable[[str], bool]) -> str:
    text = ""
    async with asyncio.timeout(20):
        async for chunk in chunks:
            text += chunk.decode()
            if until(text):
                break
    return text


async def test_what_is_stored_now(running: Traced) -> None:
    await sync_to_async(running.store)(5, 6)
    assert b"".join([chunk async for chunk in follower(running).stored()]) == b"host-1:1:5 host-1:2:6 "
    assert running.session.pk not in nudges._listeners, "a look is not watching"


async def test_rows_come_as_they_arrive_and_end_with_the_session(running: Traced) -> None:
    chunks = follower(running).follow()
    await sync_to_async(running.store)(5)
    text = await take(chunks, lambda text: "host-1:1" in text)
    await sync_to_async(running.store)(6, run=1)
    text += await take(chunks, lambda text: "host-2:1" in text)
    await sync_to_async(running.store)(7)
    await sync_to_async(running.end)()
    text += await take(chunks, lambda _: False)
    assert sorted(text.split()) == ["host-1:1:5", "host-1:2:7", "host-1:3:0", "host-2:1:6", "host-2:2:0"]
    assert running.session.pk not in nudges._listeners


async def test_a_nudge_brings_rows_at_once(running: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_module, "LOOK_SECONDS", 300.0)
    chunks = follower(running).follow()
    await sync_to_async(running.store)(5)
    await take(chunks, lambda text: "host-1:1" in text)
    await sync_to_async(running.store)(6)
    await nudge.send(nudge.session_group(running.session.pk), nudge.data_message(running.runs[0].pk, 2))
    assert await take(chunks, lambda text: "host-1:2" in text)


async def test_nothing_is_skipped_or_doubled_under_load(running: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_module, "CHUNK", 20)
    monkeypatch.setattr(follow_module, "LOOK_SECONDS", 0.01)

    def write() -> None:
        for _ in range(60):
            running.store(3)
        running.end()

    writing = asyncio.create_task(asyncio.to_thread(write))
    text = await take(follower(running).follow(), lambda _: False)
    await writing
    seqs = [int(word.split(":")[1]) for word in text.split() if word.startswith("host-1")]
    assert seqs == list(range(1, 62))


async def test_a_slow_reader_holds_up_nobody_but_itself(running: Traced) -> None:
    chunks = follower(running).follow()
    await sync_to_async(running.store)(5)
    await take(chunks, lambda text: "host-1:1" in text)
    await sync_to_async(running.store)(*[1] * 20)
    await sync_to_async(running.end)()
    assert len((await take(chunks, lambda _: False)).split()) == 22


async def test_deleting_the_session_ends_it(running: Traced) -> None:
    chunks = follower(running).follow()
    await sync_to_async(running.store)(5)
    await take(chunks, lambda text: "host-1:1" in text)
    await Session.objects.filter(pk=running.session.pk).adelete()
    segment_store().delete(running.session.pk)
    assert await take(chunks, lambda _: False) == ""


def test_pieces_are_gathered_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_module, "CHUNK", 5)
    pieces = iter([b"ab", b"", b"cd", b"e", b"fg"])
    assert [gather(pieces), gather(pieces), gather(pieces)] == [b"abcde", b"fg", b""]
    assert threading.active_count() >= 1
