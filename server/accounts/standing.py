"""What lets somebody in stays to be looked at: a door that stands open closes soon after it stops to hold."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.http import HttpRequest

from server.accounts import tokens
from server.accounts.auth import person
from server.accounts.browsers import live
from server.accounts.models import User

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # also without a nudge: those may get lost
# A thread of its own: it must not wait behind readers of rows.
_thread = ThreadPoolExecutor(1, "standing")

Check = Callable[[], str]
Cut = Callable[[str], Awaitable[None]]


class Entrance(NamedTuple):
    """What somebody came in with: the key of a browser's sign-in, or the number of an API token."""

    user: int | None
    browser: str
    token: int = 0


def entrance_of(request: HttpRequest) -> Entrance:
    user = person(request)
    return Entrance(user.pk, "", user.token.pk) if user.token else Entrance(user.pk, request.session.session_key or "")


def lost(entrance: Entrance) -> str:
    """Why it opens nothing any more; empty while it does, for a person who may be inactive."""
    if entrance.browser and not live().filter(session_key=entrance.browser, user=entrance.user).exists():
        return "you signed out; sign in again"
    if entrance.token and not tokens.valid().filter(pk=entrance.token, user=entrance.user).exists():
        return "the API token has ended; run `fleetscope login`"
    return ""


def current(entrance: Entrance) -> User | None:
    """The person as they are now, within what they came in with; None if that has ended."""
    user = User.objects.filter(pk=entrance.user).first() if entrance.user else None
    if user is not None and entrance.token:
        user.token = tokens.valid().filter(pk=entrance.token, user=user).first()
        return user if user.token else None
    return user


@dataclass(slots=True)
class _Door:
    check: Check
    waiting: set[asyncio.Future[str]] = field(default_factory=set)


class _Guard:
    """Looks after all open doors of a process: each entrance is checked once, however many have come in by it."""

    def __init__(self) -> None:
        self.doors: dict[Hashable, _Door] = {}
        self.nudged = asyncio.Event()
        self.task = asyncio.create_task(self._run(), name="standing")

    async def _run(self) -> None:
        while True:
            self.nudged.clear()
            try:
                await self._look()
            except Exception as error:  # each database has its own
                log.warning("cannot see who may still look, looking again: %s", error)
            try:
                await asyncio.wait_for(self.nudged.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def _look(self) -> None:
        doors = dict(self.doors)
        look = database_sync_to_async(_reasons, thread_sensitive=False, executor=_thread)
        for name, reason in (await look({name: door.check for name, door in doors.items()})).items():
            for waiting in list(doors[name].waiting):
                if not waiting.done():
                    waiting.set_result(reason)


_guard: _Guard | None = None


def look_now() -> None:
    """After a nudge."""
    if _guard is not None:
        _guard.nudged.set()


async def until_lost(door: Hashable, check: Check) -> str:
    """Returns once `check`, which runs in a thread, gives a reason. Equal doors share the first one's check."""
    global _guard
    guard = _guard = _guard or _Guard()
    found = guard.doors.setdefault(door, _Door(check))
    waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    found.waiting.add(waiting)
    try:
        return await waiting
    finally:
        found.waiting.discard(waiting)
        if not found.waiting and guard.doors.get(door) is found:
            del guard.doors[door]
        if not guard.doors:
            guard.task.cancel()
            _guard = None if _guard is guard else _guard


async def while_standing(
    chunks: AsyncGenerator[bytes], door: Hashable, check: Check, cut: Cut | None = None
) -> AsyncGenerator[bytes]:
    """The chunks until their end, or until the door is shut; ``cut`` is then told why."""
    shut = asyncio.ensure_future(until_lost(door, check))
    try:
        async with aclosing(chunks):
            while (chunk := await _next(chunks, shut)) is not None:
                yield chunk
        if cut is not None and shut.done():
            await cut(shut.result())
    finally:
        shut.cancel()


async def _next(chunks: AsyncGenerator[bytes], shut: asyncio.Future[str]) -> bytes | None:
    coming = asyncio.ensure_future(_taken(chunks))
    try:
        await asyncio.wait((coming, shut), return_when=asyncio.FIRST_COMPLETED)
        return None if shut.done() else await coming
    finally:
        if not coming.done():
            coming.cancel()
            await asyncio.wait((coming,))


async def _taken(chunks: AsyncGenerator[bytes]) -> bytes | None:
    return await anext(chunks, None)


def _reasons(checks: dict[Hashable, Check]) -> dict[Hashable, str]:
    found = {name: check() for name, check in checks.items()}
    return {name: reason for name, reason in found.items() if reason}
