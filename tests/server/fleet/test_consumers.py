from __future__ import annotations

import json

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import AnonymousUser

from server import nudge
from server.accounts.browsers import SessionStore
from server.accounts.models import User
from server.fleet.consumers import REFUSED, FleetConsumer
from tests.server.people import begin

pytestmark = pytest.mark.usefixtures("committed")


async def made() -> User:
    return await sync_to_async(begin)(await User.objects.acreate(username="ann", password="!"), "viewer")


async def socket_of(user: User | AnonymousUser, session: SessionStore | None = None) -> ApplicationCommunicator:
    scope = {"type": "websocket", "path": "/ws/fleet", "user": user, "session": session or SessionStore()}
    socket = ApplicationCommunicator(FleetConsumer.as_asgi(), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["type"] == "websocket.accept"
    return socket


async def test_a_change_is_told() -> None:
    socket = await socket_of(await made())
    await nudge.send(nudge.FLEET, nudge.fleet_message("sessions"))
    assert json.loads((await socket.receive_output(5))["text"]) == {"changed": ["sessions"]}
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait()


async def test_nobody_is_told_nothing() -> None:
    socket = await socket_of(AnonymousUser())
    closing = await socket.receive_output(5)
    assert (closing["type"], closing["code"], closing["reason"]) == ("websocket.close", REFUSED, "sign in first")


async def test_who_signed_out_is_told_nothing_more() -> None:
    user = await made()
    session = SessionStore()
    await sync_to_async(session.create)()
    socket = await socket_of(user, session)
    await sync_to_async(session.delete)()
    await sync_to_async(nudge.access_changed)()
    closing = await socket.receive_output(5)
    assert (closing["code"], closing["reason"]) == (REFUSED, "you signed out; sign in again")
