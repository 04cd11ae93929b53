"""/ws/fleet: tells a browser what has changed, so that it asks again only then."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from server import nudge
from server.accounts import standing
from server.accounts.models import User
from server.accounts.policy import Action, Actor, decide, require
from server.accounts.standing import Entrance, look_now, until_lost
from server.accounts.ways import of_socket
from server.audit.way import coming
from server.errors import Forbidden

REFUSED = 4403


class FleetConsumer(AsyncJsonWebsocketConsumer):
    groups = [nudge.FLEET, nudge.ACCESS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._check: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()
        problem = await database_sync_to_async(self._enter)()
        if problem:
            await self.close(REFUSED, problem)
        else:
            self._check = asyncio.create_task(self._until_lost())

    async def disconnect(self, code: int) -> None:  # noqa: ARG002
        if self._check is not None:
            self._check.cancel()

    async def fleet_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"changed": [event["what"]]})

    async def access_changed(self, _event: dict[str, Any]) -> None:
        """Somebody signed out or got another role."""
        look_now()

    def _enter(self) -> str:
        """Why not, which is on the record; empty: nothing but what has changed is told here, so coming in is not."""
        if problem := standing.lost(self._entrance):
            return problem
        try:
            with coming(lambda: of_socket(self.scope)):
                require(standing.current(self._entrance), Action.HOST_VIEW)
        except Forbidden as error:
            return error.message
        return ""

    @property
    def _entrance(self) -> Entrance:
        actor = cast(Actor, self.scope["user"])
        if not isinstance(actor, User):
            return Entrance(None, "")
        return Entrance(actor.pk, self.scope["session"].session_key or "")

    async def _until_lost(self) -> None:
        entrance = self._entrance
        await self.close(REFUSED, await until_lost(entrance, lambda: _problem(entrance)))


def _problem(entrance: Entrance) -> str:
    return standing.lost(entrance) or decide(standing.current(entrance), Action.HOST_VIEW).reason
