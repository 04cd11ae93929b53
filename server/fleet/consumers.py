"""/ws/fleet: tells a browser what has changed, so that it asks again only then."""

from __future__ import annotations

from typing import Any, cast

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from server import nudge
from server.accounts.models import User
from server.accounts.policy import Action, Actor, decide

REFUSED = 4403


class FleetConsumer(AsyncJsonWebsocketConsumer):
    groups = [nudge.FLEET, nudge.ACCESS]

    async def connect(self) -> None:
        await self.accept()
        await self.access_changed({})

    async def fleet_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"changed": [event["what"]]})

    async def access_changed(self, _event: dict[str, Any]) -> None:
        """Somebody signed out or got another role."""
        problem = await database_sync_to_async(self._problem)()
        if problem:
            await self.close(REFUSED, problem)

    def _problem(self) -> str:
        actor = cast(Actor, self.scope["user"])
        session = self.scope["session"]
        if isinstance(actor, User) and session.session_key and not session.exists(session.session_key):
            return "you signed out; sign in again"
        current = User.objects.filter(pk=actor.pk).first() if isinstance(actor, User) else None
        return decide(current, Action.HOST_VIEW).reason
