"""Nudges over the channel layer: "look again", never data. They may get lost; every reader also looks by itself."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Iterable
from typing import Any, cast

from asgiref.sync import SyncToAsync, async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

FLEET = "fleet"
ACCESS = "access"  # every open socket asks again whether its person may look


def session_group(session: uuid.UUID) -> str:
    return f"session.{session}"


def host_group(host: uuid.UUID) -> str:
    return f"host.{host}"


def ask_group(ask: uuid.UUID) -> str:
    return f"ask.{ask}"


def ask_message() -> dict[str, Any]:
    """The answer is in the database."""
    return {"type": "ask.answered"}


def data_message(run: uuid.UUID, seq: int) -> dict[str, Any]:
    return {"type": "session.nudge", "run": str(run), "seq": seq}


def state_message() -> dict[str, Any]:
    return {"type": "session.state"}


def fleet_message(what: str) -> dict[str, Any]:
    """`what`: hosts, sessions, requests or audit."""
    return {"type": "fleet.changed", "what": what}


async def send(group: str, message: dict[str, Any]) -> None:
    """Never raises: a channel layer that is away costs liveness, not data."""
    try:
        await _layer().group_send(group, message)
    except Exception as error:  # each backend has its own
        log.warning("nudge to %s was lost: %s", group, error)


def after_commit(nudges: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """From synchronous code: send when the transaction has become visible, at once outside one."""
    pairs = list(nudges)
    transaction.on_commit(lambda: _hand_over(pairs))


def fleet_changed(what: str) -> None:
    after_commit([(FLEET, fleet_message(what))])


def access_changed() -> None:
    after_commit([(ACCESS, {"type": "access.changed"})])


def session_changed(session: uuid.UUID) -> None:
    after_commit([(session_group(session), state_message()), (FLEET, fleet_message("sessions"))])


def hosts(ids: Iterable[uuid.UUID]) -> None:
    """Let whoever holds these hosts' streams look for what to send."""
    after_commit([(host_group(host), {"type": "host.nudge", "host": str(host)}) for host in ids])


class Subscriber:
    """One channel for a whole process: the groups that it joined, and the messages that arrive."""

    def __init__(self) -> None:
        self._layer = _layer()
        self._channel = ""

    async def open(self) -> None:
        self._channel = await self._layer.new_channel()

    async def join(self, group: str) -> None:
        await self._quietly(self._layer.group_add(group, self._channel))

    async def leave(self, group: str) -> None:
        await self._quietly(self._layer.group_discard(group, self._channel))

    async def receive(self) -> dict[str, Any]:
        """The next message. Raises what the layer raises when it is away."""
        return cast(dict[str, Any], await self._layer.receive(self._channel))

    async def _quietly(self, call: Awaitable[None]) -> None:
        try:
            await call
        except Exception as error:  # each backend has its own
            log.warning("the channel layer is away: %s", error)


def _layer() -> Any:
    return get_channel_layer()


def _hand_over(pairs: list[tuple[str, dict[str, Any]]]) -> None:
    """A thread of an event loop never waits for it: one that has stopped in between would hold the thread for ever."""
    loop = getattr(SyncToAsync.threadlocal, "main_event_loop", None)
    if loop is None or not loop.is_running():
        async_to_sync(_send_all, force_new_loop=True)(pairs)
        return
    sending = _send_all(pairs)
    try:
        asyncio.run_coroutine_threadsafe(sending, loop)
    except RuntimeError:
        sending.close()
        log.warning("%d nudges were lost: the event loop has stopped", len(pairs))


async def _send_all(pairs: list[tuple[str, dict[str, Any]]]) -> None:
    for group, message in pairs:
        await send(group, message)
