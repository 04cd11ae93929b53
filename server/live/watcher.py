"""A viewer with a socket behind it: reads up from the store by itself, then gets what the tail reads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Protocol
from uuid import UUID

from server.live.messages import group_message, rows_message
from server.live.viewer import Rows, Viewer
from server.tracing.store import SegmentStore, StoredBatch

READ_BYTES = 1024 * 1024  # messages made at once, off the event loop
GROUP_BYTES = 512 * 1024  # of them in one message, before they are put together
# Each pass reads what came in during the one before. A browser that has not caught up after so many never will: skip.
PASSES = 8


# Rows of a session that is over: of more, a browser shows pages and sums that it asks the store for.
MOST_READ = 200_000


class Position(Protocol):
    """How far the tail has read: of each run the last seq, and the rows up to it."""

    session: UUID
    cursors: dict[str, int]
    totals: dict[str, int]

    @property
    def askable(self) -> bool:
        """It is over, and all of its views can be made of answers of the store."""
        ...


class Watcher:
    def __init__(self, user: str, cursors: dict[str, int]) -> None:
        self.user = user
        self.viewer = Viewer(cursors)
        self.closing = ""  # why the socket shall close now
        self._wake = asyncio.Event()
        self._drawn = asyncio.Event()

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def woken(self) -> None:
        await self._wake.wait()
        self._wake.clear()

    def close(self, reason: str) -> None:
        self.closing = reason
        self.wake()

    def seen(self, messages: int) -> None:
        self.viewer.seen(messages)
        self._drawn.set()
        self.wake()

    async def read_up(self, store: SegmentStore, tail: Position) -> None:
        """Until the viewer holds what the tail has handed out. Then it is live: no gap and, by seq, nothing twice."""
        for _ in range(0 if self._asks_instead(tail) else PASSES):
            for run, seq in list(tail.cursors.items()):
                await self._read_run(store, tail.session, run, seq)
            # No await between this look and the switch: the tail cannot move in between.
            if all(self.viewer.cursors.get(run, 0) >= seq for run, seq in tail.cursors.items()):
                break
        for run, seq in tail.cursors.items():
            self.viewer.jump(run, seq, tail.totals.get(run, 0))
        self.viewer.live = True
        self.wake()

    def _asks_instead(self, tail: Position) -> bool:
        """Whoever holds some of the rows already has read on before, and does so again."""
        return tail.askable and not any(self.viewer.cursors.values()) and sum(tail.totals.values()) > MOST_READ

    async def _read_run(self, store: SegmentStore, session: UUID, run: str, target: int) -> None:
        stored = store.read(session, UUID(run), self.viewer.cursors.get(run, 0))
        while self.viewer.cursors.get(run, 0) < target:
            await self._room()
            batches = await asyncio.to_thread(take_groups, run, stored)
            if not batches:
                return  # what is missing up to the target was removed by hand
            for batch in batches:
                self.viewer.queue(batch)
            self.wake()

    async def _room(self) -> None:
        while not self.viewer.room:
            self._drawn.clear()
            await self._drawn.wait()


def take(run: str, stored: Iterator[StoredBatch]) -> list[Rows]:
    """The next batches as messages, about READ_BYTES of them; none at the end."""
    batches: list[Rows] = []
    size = 0
    for batch in stored:
        batches.append(rows_message(run, batch))
        size += len(batches[-1].payload or b"")
        if size >= READ_BYTES:
            break
    return batches


def take_groups(run: str, stored: Iterator[StoredBatch]) -> list[Rows]:
    """The next batches of the past, those that are small several to a message; none at the end."""
    groups: list[list[StoredBatch]] = []
    whole = size = 0
    for batch in stored:
        if not groups or size >= GROUP_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(batch)
        size += batch.head.body_size
        whole += batch.head.body_size
        if whole >= READ_BYTES:
            break
    return [group_message(run, group) for group in groups]
