"""/ws/sessions/<id>: the binary protocol of live.proto."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from google.protobuf.message import DecodeError

from proto.v1.live_pb2 import Closing, LiveMessage, Subscribe, ViewerMessage
from server import nudge
from server.live import access, hub
from server.live.watcher import Watcher
from server.tracing.segments import segment_store

CHECK_SECONDS = 60.0  # is this person still allowed to look?
BAD_MESSAGE, REFUSED = 4400, 4403


class SessionConsumer(AsyncWebsocketConsumer):
    """One browser on one session. Every subscribe starts anew at its cursors."""

    groups = [nudge.ACCESS]

    async def connect(self) -> None:
        await self.accept()
        self._watcher: Watcher | None = None
        self._tasks: list[asyncio.Task[None]] = []
        try:
            self._session: UUID = await database_sync_to_async(access.enter)(self.scope)
        except access.RefusedError as error:
            await self._refuse(str(error))
            return
        self._check = asyncio.create_task(self._keep_checking())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not hasattr(self, "_check"):
            return
        try:
            message = ViewerMessage.FromString(bytes_data or b"")
            match message.WhichOneof("message"):
                case "subscribe":
                    await self._subscribe(message.subscribe)
                case "seen" if self._watcher is not None:
                    self._watcher.seen(message.seen.messages)
                case _:
                    await self.close(BAD_MESSAGE)
        except (DecodeError, ValueError):
            await self.close(BAD_MESSAGE)

    async def disconnect(self, code: int) -> None:
        await self._leave()
        if hasattr(self, "_check"):
            self._check.cancel()

    async def access_changed(self, _event: dict[str, Any]) -> None:
        """Somebody signed out or got another role."""
        if hasattr(self, "_check"):
            await self._recheck()

    async def _subscribe(self, message: Subscribe) -> None:
        await self._leave()
        cursors = {str(UUID(cursor.run)): cursor.seq for cursor in message.cursors}
        self._watcher = Watcher(self.scope["user"].username, cursors)
        self._tasks = [asyncio.create_task(self._watch(self._watcher)), asyncio.create_task(self._write(self._watcher))]

    async def _watch(self, watcher: Watcher) -> None:
        async with hub.watching(self._session, watcher) as tail:
            await tail.ready.wait()
            await watcher.read_up(segment_store(), tail)
            await asyncio.Event().wait()  # until cancelled

    async def _write(self, watcher: Watcher) -> None:
        while not watcher.closing:
            while (message := watcher.viewer.next()) is not None:
                await self.send(bytes_data=message)
            await watcher.woken()
        await self._refuse(watcher.closing)

    async def _leave(self) -> None:
        tasks, self._tasks = [task for task in self._tasks if task is not asyncio.current_task()], []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self._recheck()

    async def _recheck(self) -> None:
        reason = await database_sync_to_async(access.lost)(self.scope, self._session)
        if reason:
            await self._leave()
            await self._refuse(reason)

    async def _refuse(self, reason: str) -> None:
        await self.send(bytes_data=LiveMessage(closing=Closing(reason=reason)).SerializeToString())
        await self.close(REFUSED)
