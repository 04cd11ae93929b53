"""/ws/fleet: tells a browser what has changed, so that it asks again only then."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from server import nudge
from server.accounts.policy import Action, decide


class FleetConsumer(AsyncJsonWebsocketConsumer):
    groups = [nudge.FLEET]

    async def connect(self) -> None:
        decision = await database_sync_to_async(decide)(self.scope["user"], Action.HOST_VIEW)
        if not decision.allowed:
            await self.close(code=4401, reason=decision.reason)
            return
        await self.accept()

    async def fleet_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"changed": [event["what"]]})
