"""Waiting for news of a session: one listener a session and process, however many readers wait.

While somebody waits, hosts are asked to flush quickly, and other processes are told who is watching here.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

from channels.db import database_sync_to_async
from django.utils import timezone

from server import nudge
from server.ending import ended
from server.tracing.models import Run, Session, SessionState

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
RENEW_SECONDS = 5.0
WATCH = timedelta(seconds=15)
PRESENCE = "session.presence"
_PROCESS = uuid.uuid4().hex


class Listener:
    """Counts the nudges of one session. Those that get lost cost a reader its own time-out, nothing more."""

    def __init__(self, session: uuid.UUID) -> None:
        self.session = session
        self.readers = 0
        self.heard = 0
        self.state = 0  # of them those that say that the database has changed
        self.here: list[str] = []  # people who watch through this process
        self._elsewhere: dict[str, tuple[float, list[str]]] = {}  # of other processes, until when
        self._changed = asyncio.Condition()
        self._group = nudge.session_group(session)
        self._subscriber = nudge.Subscriber()
        self._tasks: list[asyncio.Task[None]] = []

    async def wait(self, heard: int, seconds: float) -> None:
        """Until more was heard than ``heard``, at most so long."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.heard != heard)
        except TimeoutError:
            return

    async def changed(self) -> None:
        """Wake every reader."""
        async with self._changed:
            self.heard += 1
            self._changed.notify_all()

    def watching(self) -> list[str]:
        """Everybody who watches, here and elsewhere."""
        now = monotonic()
        elsewhere = [name for until, names in self._elsewhere.values() if until > now for name in names]
        return sorted({*self.here, *elsewhere})

    async def say_who_watches(self) -> None:
        message = {"type": PRESENCE, "process": _PROCESS, "users": self.here}
        await nudge.send(self._group, message)

    async def start(self) -> None:
        await self._subscriber.open()
        await self._subscriber.join(self._group)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._renew())]

    async def stop(self) -> None:
        await ended(self._tasks)
        await self._subscriber.leave(self._group)

    async def _listen(self) -> None:
        while True:
            try:
                self._take(await self._subscriber.receive())
                await self.changed()
            except Exception as error:  # each channel layer has its own
                logger.warning("no nudges for session %s: %s; looking every second instead", self.session, error)
                await asyncio.sleep(RETRY_SECONDS)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == nudge.state_message()["type"]:
            self.state += 1
        elif message["type"] == PRESENCE and message["process"] != _PROCESS:
            self._elsewhere[message["process"]] = (monotonic() + WATCH.total_seconds(), message["users"])

    async def _renew(self) -> None:
        while True:
            try:
                await self._subscriber.join(self._group)  # again and again: Redis may have been emptied
                await self.say_who_watches()
                await database_sync_to_async(_keep_watched, thread_sensitive=False)(self.session)
            except Exception as error:  # each database has its own
                logger.warning("session %s could not be marked as watched: %s", self.session, error)
            await asyncio.sleep(RENEW_SECONDS)


def _keep_watched(session: uuid.UUID) -> None:
    """While this holds, hosts send rows within 50 ms."""
    live = Session.objects.filter(pk=session).exclude(state=SessionState.ENDED)
    now = timezone.now()
    begins = live.exclude(watched_until__gt=now).exists()
    if live.update(watched_until=now + WATCH) and begins:
        nudge.hosts(Run.objects.filter(session=session).values_list("host", flat=True))


_listeners: dict[uuid.UUID, Listener] = {}


@asynccontextmanager
async def listening(session: uuid.UUID) -> AsyncIterator[Listener]:
    """Hear of the session's changes, and have it count as watched."""
    listener = _listeners.get(session)
    if listener is None:
        listener = _listeners[session] = Listener(session)
        await listener.start()
    listener.readers += 1
    try:
        yield listener
    finally:
        listener.readers -= 1
        if not listener.readers:
            if _listeners.get(session) is listener:
                del _listeners[session]
            await listener.stop()
