"""/ws/sessions/<id>: the binary protocol of live.proto."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from google.protobuf.message import DecodeError

from proto.v1.live_pb2 import Closing, LiveMessage, Subscribe, ViewerMessage
from server import nudge
from server.accounts.standing import look_now, until_lost
from server.ending import ended
from server.live import access, hub
from server.live.watcher import Watcher
from server.tracing.looking import lost
from server.tracing.segments import segment_store

logger = logging.getLogger(__name__)

MAX_MESSAGE = 1024 * 1024  # a cursor is some 50 bytes
BAD_MESSAGE, REFUSED = 4400, 4403


class SessionConsumer(AsyncWebsocketConsumer):
    """One browser on one session. Every subscribe starts anew at its cursors."""

    groups = [nudge.ACCESS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._session: UUID | None = None  # None: refused
        self._watcher: Watcher | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._check: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()
        try:
            self._session = await database_sync_to_async(access.enter)(self.scope)
        except access.RefusedError as error:
            await self._refuse(str(error))
            return
        self._check = asyncio.create_task(self._until_lost(self._session))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002
        if self._session is None:
            return
        if len(bytes_data or b"") > MAX_MESSAGE:
            await self.close(BAD_MESSAGE)
            return
        try:
            message = ViewerMessage.FromString(bytes_data or b"")
            match message.WhichOneof("message"):
                case "subscribe":
                    await self._subscribe(self._session, message.subscribe)
                case "seen" if self._watcher is not None:
                    self._watcher.seen(message.seen.messages)
                case _:
                    await self.close(BAD_MESSAGE)
        except (DecodeError, ValueError):
            await self.close(BAD_MESSAGE)

    async def disconnect(self, code: int) -> None:  # noqa: ARG002
        await self._leave()
        if self._check is not None:
            self._check.cancel()

    async def access_changed(self, _event: dict[str, Any]) -> None:
        """Somebody signed out or got another role."""
        look_now()

    async def _subscribe(self, session: UUID, message: Subscribe) -> None:
        await self._leave()
        cursors = {str(UUID(cursor.run)): cursor.seq for cursor in message.cursors}
        self._watcher = Watcher(str(self.scope["user"]), cursors)
        roads = self._watch(session, self._watcher), self._write(self._watcher)
        self._tasks = [asyncio.create_task(road) for road in roads]

    async def _watch(self, session: UUID, watcher: Watcher) -> None:
        try:
            async with hub.watching(session, watcher) as tail:
                await tail.ready.wait()
                await watcher.read_up(segment_store(), tail)
                await asyncio.Event().wait()  # until cancelled
        except Exception:
            logger.exception("cannot read session %s for %s", session, watcher.user)
            watcher.close("the rows cannot be read; the server's log says more")

    async def _write(self, watcher: Watcher) -> None:
        while not watcher.closing:
            while (message := watcher.viewer.next()) is not None:
                await self.send(bytes_data=message)
            await watcher.woken()
        await self._refuse(watcher.closing)

    async def _leave(self) -> None:
        tasks, self._tasks = [task for task in self._tasks if task is not asyncio.current_task()], []
        await ended(tasks)

    async def _until_lost(self, session: UUID) -> None:
        entrance = access.entrance_of(self.scope)
        reason = await until_lost((entrance, session), lambda: lost(entrance, session))
        await self._leave()
        await self._refuse(reason)

    async def _refuse(self, reason: str) -> None:
        await self.send(bytes_data=LiveMessage(closing=Closing(reason=reason)).SerializeToString())
        await self.close(REFUSED)
