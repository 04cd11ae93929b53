"""One tail a watched session and process: reads each new batch once and hands it to every viewer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from uuid import UUID

from channels.db import database_sync_to_async

from proto.v1.live_pb2 import SessionState
from server.ending import ended
from server.errors import RowsLocked
from server.live.messages import askable, session_state, state_message
from server.live.watcher import Watcher, take
from server.tracing.models import Session
from server.tracing.nudges import Listener, listening
from server.tracing.segments import segment_store

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # without a nudge
IDLE_SECONDS = 10.0  # the same, once the session has ended
STATE_SECONDS = 0.5  # between two looks into the database while only rows arrive


class Tail:
    """Reads a session from where it stood when the first viewer came; older rows each viewer reads by itself."""

    def __init__(self, session: UUID) -> None:
        self.session = session
        self.cursors: dict[str, int] = {}
        self.totals: dict[str, int] = {}
        self.watchers: set[Watcher] = set()
        self.ready = asyncio.Event()
        self._state = SessionState()
        self._payload = b""
        self._state_heard = -1
        self._state_at = -STATE_SECONDS
        self._task = asyncio.create_task(self._run(), name=f"tail of session {session}")

    @property
    def askable(self) -> bool:
        return askable(self._state)

    def add(self, watcher: Watcher) -> None:
        self.watchers.add(watcher)
        if self._payload:
            watcher.viewer.state(self._payload)
            watcher.wake()

    async def stop(self) -> None:
        await ended([self._task])

    async def _run(self) -> None:
        async with listening(self.session) as listener:
            while True:
                heard = listener.heard
                try:
                    await self._look(listener)
                except Session.DoesNotExist:
                    for watcher in self.watchers:
                        watcher.close("the session was deleted")
                    return
                except RowsLocked as error:
                    for watcher in self.watchers:
                        watcher.close(error.message)
                    return
                except Exception as error:  # the database or the store is away, each with errors of its own
                    logger.warning("cannot read session %s, looking again: %s %s", self.session, type(error), error)
                await listener.wait(heard, IDLE_SECONDS if self._state.state == "ended" else LOOK_SECONDS)

    async def _look(self, listener: Listener) -> None:
        await self._read_all()  # first what is urgent
        listener.here = sorted({watcher.user for watcher in self.watchers})
        if listener.state != self._state_heard or monotonic() - self._state_at >= STATE_SECONDS:
            heard, at = listener.state, monotonic()
            self._state = await database_sync_to_async(session_state, thread_sensitive=False)(self.session)
            self._state_heard, self._state_at = heard, at
        self._publish_state(listener.watching())
        if await self._find_runs():
            await self._read_all()

    async def _read_all(self) -> None:
        for run in list(self.cursors):
            await self._read(run)

    def _publish_state(self, watching: list[str]) -> None:
        payload = state_message(self._state, watching)
        if payload == self._payload:
            return
        self._payload = payload
        for watcher in self.watchers:
            watcher.viewer.state(payload)
            watcher.wake()

    async def _find_runs(self) -> bool:
        """Rows go out only behind the state that holds their schema."""
        known = len(self.cursors)
        for run in self._state.runs:
            if run.HasField("schema") and run.run not in self.cursors and not run.locked:
                # A run that appears while people watch is read from its beginning.
                if self.ready.is_set():
                    self.cursors[run.run] = self.totals[run.run] = 0
                else:
                    index = await asyncio.to_thread(segment_store().index, self.session, UUID(run.run))
                    self.cursors[run.run], self.totals[run.run] = index.last_seq, index.rows
        self.ready.set()
        return len(self.cursors) > known

    async def _read(self, run: str) -> None:
        stored = segment_store().read(self.session, UUID(run), self.cursors[run])
        while batches := await asyncio.to_thread(take, run, stored):
            self.cursors[run], self.totals[run] = batches[-1].seq, batches[-1].total
            for watcher in self.watchers:
                if watcher.viewer.live:
                    for batch in batches:
                        watcher.viewer.offer(batch)
                    watcher.wake()


_tails: dict[UUID, Tail] = {}


@asynccontextmanager
async def watching(session: UUID, watcher: Watcher) -> AsyncIterator[Tail]:
    """While inside, the watcher gets states at once, and rows once it has read up."""
    tail = _tails.get(session)
    if tail is None:
        tail = _tails[session] = Tail(session)
    tail.add(watcher)
    try:
        yield tail
    finally:
        tail.watchers.discard(watcher)
        if not tail.watchers:
            if _tails.get(session) is tail:
                del _tails[session]
            await tail.stop()
