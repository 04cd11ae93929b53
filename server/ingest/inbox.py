"""Frames that have arrived and wait to be stored: bounded for each host and for the whole process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from proto.v1.agent_pb2 import DataUp

# More wait in the hosts' spools; gRPC's flow control tells them to.
INBOX_BYTES = 16 * 1024 * 1024
PROCESS_BYTES = 64 * 1024 * 1024


class Room:
    """Bytes that all inboxes of the process may hold together."""

    def __init__(self, size: int = PROCESS_BYTES) -> None:
        self._free = size
        self._freed = asyncio.Condition()

    async def enter(self, size: int) -> None:
        """Waits while there is none; the last to come in may go over."""
        if self._free <= 0:
            async with self._freed:
                await self._freed.wait_for(lambda: self._free > 0)
        self._free -= size

    async def leave(self, size: int) -> None:
        async with self._freed:
            self._free += size
            self._freed.notify_all()


class Inbox:
    """Of one data stream; its sender waits when it is full."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._frames: list[bytes] = []
        self._size = 0
        self._taken = 0
        self._ended = False
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    async def fill(self, requests: AsyncIterator[DataUp]) -> None:
        try:
            async for message in requests:
                await self._add(message.frame)
        finally:
            self._ended = True
            self._filled.set()

    async def take(self) -> list[bytes]:
        """All that wait; those taken before are done with. Empty at the end of the stream."""
        await self._done()
        await self._filled.wait()
        taken, self._frames = self._frames, []
        self._taken, self._size = self._size, 0
        self._emptied.set()
        if not self._ended:
            self._filled.clear()
        return taken

    async def close(self) -> None:
        """Give back the room of everything that is left."""
        self._taken, self._size, self._frames = self._taken + self._size, 0, []
        await self._done()

    async def _add(self, frame: bytes) -> None:
        while self._size >= INBOX_BYTES:
            self._emptied.clear()
            await self._emptied.wait()
        await self._room.enter(len(frame))
        # Without a pause in between: what has entered is always given back.
        self._frames.append(frame)
        self._size += len(frame)
        self._filled.set()

    async def _done(self) -> None:
        done, self._taken = self._taken, 0
        if done:
            await self._room.leave(done)
