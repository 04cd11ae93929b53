from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from proto.v1.agent_pb2 import DataUp
from server.ingest import inbox
from server.ingest.inbox import Inbox, Room


class Sender:
    """Counts how many frames of eight bytes were taken off it."""

    def __init__(self, frames: int) -> None:
        self.frames = frames
        self.sent = 0

    async def requests(self) -> AsyncIterator[DataUp]:
        for _ in range(self.frames):
            self.sent += 1
            yield DataUp(frame=b"12345678")


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_full_inbox_makes_its_sender_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "INBOX_BYTES", 10)
    box, sender = Inbox(Room()), Sender(5)
    filling = asyncio.create_task(box.fill(sender.requests()))
    sizes = []
    for expected in (3, 5, 5):
        await settled()
        assert sender.sent == expected
        sizes.append(sum(map(len, await box.take())))
    await filling
    assert sizes == [16, 16, 8]
    assert await box.take() == []


async def test_the_room_is_shared_and_given_back_when_frames_are_done_with() -> None:
    room = Room(16)
    full, waiting = Inbox(room), Inbox(room)
    senders = [Sender(2), Sender(1)]
    filling = [asyncio.create_task(full.fill(senders[0].requests()))]
    await settled()
    filling.append(asyncio.create_task(waiting.fill(senders[1].requests())))
    taking = asyncio.create_task(waiting.take())
    assert len(await full.take()) == 2
    await settled()
    assert not taking.done(), "what is taken is still in memory"
    await full.close()
    assert await asyncio.wait_for(taking, 5) == [b"12345678"]
    await asyncio.gather(*filling)


async def test_a_closed_inbox_gives_everything_back() -> None:
    room = Room(16)
    box = Inbox(room)
    filling = asyncio.create_task(box.fill(Sender(9).requests()))
    await settled()
    filling.cancel()
    await box.close()
    again = Inbox(room)
    await asyncio.wait_for(again.fill(Sender(2).requests()), 5)
    assert len(await again.take()) == 2
