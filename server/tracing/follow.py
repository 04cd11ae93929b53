"""Rows of a session as they arrive: by cursor, every one of them, as fast as the reader takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from channels.db import database_sync_to_async

from server.tracing import sources
from server.tracing.models import Session
from server.tracing.nudges import listening
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore, StoredBatch

CHUNK = 256 * 1024
LOOK_SECONDS = 1.0  # without a nudge

Render = Callable[[RunSource, StoredBatch], bytes]


@dataclass
class Follower:
    """Where one reader stands."""

    store: SegmentStore
    session: UUID
    render: Render
    seqs: dict[UUID, int] = field(default_factory=dict)

    async def stored(self) -> AsyncGenerator[bytes]:
        """What is stored now."""
        state = await self._state()
        if state is not None:
            async for chunk in self._news(state):
                yield chunk

    async def follow(self) -> AsyncGenerator[bytes]:
        """Ends when the session has ended and everything is sent, or when it is deleted."""
        async with listening(self.session) as listener:
            state, known, looked = None, -1, 0.0
            while True:
                heard = listener.heard
                # The database is asked before the store: what was stored before the end is then read for certain.
                if listener.state != known or monotonic() - looked >= LOOK_SECONDS:
                    known, looked = listener.state, monotonic()
                    state = await self._state()
                if state is None:
                    return
                async for chunk in self._news(state):
                    yield chunk
                if state.ended:
                    return
                await listener.wait(heard, LOOK_SECONDS)

    async def _state(self) -> SessionSource | None:
        try:
            return await database_sync_to_async(sources.load, thread_sensitive=False)(self.session)
        except Session.DoesNotExist:
            return None

    async def _news(self, state: SessionSource) -> AsyncIterator[bytes]:
        for source in state.runs:
            rendered = self._rendered(source)
            while chunk := await asyncio.to_thread(gather, rendered):
                yield chunk

    def _rendered(self, source: RunSource) -> Iterator[bytes]:
        for batch in self.store.read(self.session, source.run, self.seqs.get(source.run, 0)):
            yield self.render(source, batch)
            self.seqs[source.run] = batch.seq


def gather(pieces: Iterator[bytes]) -> bytes:
    """The next pieces as one chunk of a good size; empty at the end."""
    chunk = bytearray()
    for piece in pieces:
        chunk += piece
        if len(chunk) >= CHUNK:
            break
    return bytes(chunk)
