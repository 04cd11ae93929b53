"""Ends tasks for good.

A cancellation can get lost: asyncio.wait_for of Python 3.11, in which the Redis client reads, drops one that comes in
the same turn of the loop as what it waits for (github.com/python/cpython/issues/86296, mended in 3.12). Whoever then
awaits the task waits until it ends by itself, which a reader of nudges never does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

log = logging.getLogger(__name__)

AGAIN_SECONDS = 3.0  # longer than what a task does on its way out, which a second cancellation would cut short


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels them, again where it was to no effect, until all have ended; whatever they ended with."""
    left = set(tasks)
    for task in left:
        task.cancel()
    while left:
        done, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
        for task in done:
            if not task.cancelled():
                task.exception()  # asked for, so that nobody is told that it was not
        for task in left:
            log.warning("%s goes on after it was cancelled; cancelling it again", task.get_name())
            task.cancel()
