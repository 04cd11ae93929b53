"""Waiting for news of a session: one listener a session and process, however many readers wait."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.layers import get_channel_layer

from server import nudge

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class Listener:
    """Counts the nudges of one session. Those that get lost cost a reader its own time-out, nothing more."""

    def __init__(self, session: uuid.UUID) -> None:
        self.session = session
        self.readers = 0
        self.data = 0  # nudges of each sort so far
        self.state = 0
        self.presence: dict[str, tuple[float, list[str]]] = {}
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._listen(), name=f"nudges of session {session}")

    @property
    def heard(self) -> int:
        return self.data + self.state

    async def wait(self, heard: int, seconds: float) -> None:
        """Until more was heard than ``heard``, at most so long."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.heard != heard)
        except TimeoutError:
            return

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except Exception as error:  # each channel layer has its own
                logger.warning("no nudges for session %s: %s; looking every second instead", self.session, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen_once(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        group = nudge.session_group(self.session)
        await layer.group_add(group, channel)
        try:
            while True:
                await self._take(await layer.receive(channel))
        finally:
            await layer.group_discard(group, channel)

    async def _take(self, message: dict[str, Any]) -> None:
        async with self._changed:
            if message["type"] == nudge.state_message()["type"]:
                self.state += 1
            else:
                self.data += 1
            self._changed.notify_all()


_listeners: dict[uuid.UUID, Listener] = {}


@asynccontextmanager
async def listening(session: uuid.UUID) -> AsyncIterator[Listener]:
    listener = _listeners.get(session)
    if listener is None:
        listener = _listeners[session] = Listener(session)
    listener.readers += 1
    try:
        yield listener
    finally:
        listener.readers -= 1
        if not listener.readers:
            _listeners.pop(session, None)
            await listener.stop()
