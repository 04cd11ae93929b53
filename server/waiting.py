"""Waiting in one process for what another one writes into the database: woken by a nudge, and looking by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from asgiref.sync import sync_to_async

from server import nudge

T = TypeVar("T")
LOOK_SECONDS = 0.5  # without a nudge


async def wait_for(group: str, send: Callable[[], None], look: Callable[[], T | None], seconds: float) -> T | None:
    """What ``look`` finds after ``send``; None: nothing in time. ``look`` may raise to give up."""
    subscriber = nudge.Subscriber()
    await subscriber.open()
    await subscriber.join(group)  # before anybody can have answered
    try:
        await sync_to_async(send)()
        return await _found(subscriber, look, time.monotonic() + seconds)
    finally:
        await subscriber.leave(group)


async def _found(subscriber: nudge.Subscriber, look: Callable[[], T | None], deadline: float) -> T | None:
    while (found := await sync_to_async(look)()) is None and (left := deadline - time.monotonic()) > 0:
        await _heard(subscriber, min(left, LOOK_SECONDS))
    return found


async def _heard(subscriber: nudge.Subscriber, seconds: float) -> None:
    """Until a nudge, at most so long. A layer that is away costs that time."""
    try:
        async with asyncio.timeout(seconds):
            await subscriber.receive()
    except TimeoutError:
        return
    except Exception:  # each channel layer has its own
        await asyncio.sleep(seconds)
