"""Rows and exports go on only while their reader may still have them: otherwise the answer breaks off, so that no
client takes what came for the whole, and the record says how much went out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async

from server.accounts.policy import Action
from server.accounts.standing import Entrance, while_standing
from server.audit.record import record
from server.audit.way import Facts, coming
from server.tracing.looking import lost
from server.tracing.models import Run, Session


class CutOff(Exception):
    """Ends the answer without its end: HTTP tells the client that something is missing."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who takes what, and how they came. ``action``: to view or to export."""

    name: str
    entrance: Entrance
    way: Facts
    action: Action
    detail: dict[str, Any]


@dataclass(slots=True)
class Sent:
    """What went out so far."""

    lines: bool
    rows: int = 0
    size: int = 0

    def add(self, chunk: bytes) -> None:
        self.rows, self.size = self.rows + chunk.count(b"\n"), self.size + len(chunk)

    def facts(self) -> dict[str, int]:
        return ({"sent_rows": self.rows} if self.lines else {}) | {"sent_bytes": self.size}


async def sent_whole(
    chunks: AsyncGenerator[bytes], session: Session, reader: Reader, *, lines: bool = False
) -> AsyncGenerator[bytes]:
    """The chunks. Raises CutOff once the right to them has ended, also when they end with it, as with their session.

    How much of an export went out is on the record at its end, whoever ended it; ``lines``: each line is a row.
    """
    sent = Sent(lines=lines)
    ended = "sent" if reader.action == Action.SESSION_EXPORT else ""

    async def cut(reason: str) -> None:
        nonlocal ended
        ended = ""
        await _keep(session, reader, {**sent.facts(), "refusal": reason}, "cut off")
        raise CutOff(f"{reader.action} of session {session.pk} by {reader.name}: {reason}")

    door, check = (reader.entrance, session.pk, reader.action), _check(reader, session)
    try:
        async for chunk in while_standing(chunks, door, check, cut):
            sent.add(chunk)
            yield chunk
        if reason := await database_sync_to_async(check)():
            await cut(reason)
    finally:
        if ended:
            await asyncio.shield(_keep(session, reader, sent.facts(), ended))


async def _keep(session: Session, reader: Reader, facts: dict[str, Any], outcome: str) -> None:
    write = database_sync_to_async(_on_record, thread_sensitive=False)
    await write(session, reader, {**reader.detail, **facts}, outcome)


def _check(reader: Reader, session: Session) -> Callable[[], str]:
    return lambda: lost(reader.entrance, session.pk, reader.action)


def _on_record(session: Session, reader: Reader, facts: dict[str, Any], outcome: str) -> None:
    hosts = sorted(Run.objects.filter(session=session.pk).values_list("host__name", flat=True))
    with coming(lambda: reader.way):
        record(
            reader.action,
            reader.name,
            outcome,
            tool=session.tool,
            hosts=hosts,
            session=session.pk,
            reason=session.reason,
            detail=facts,
        )
