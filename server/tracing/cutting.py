"""An export goes on only while its reader may still export: otherwise it breaks off, so that no client takes what came
for the whole, and the record says how much went out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from channels.db import database_sync_to_async

from server.accounts.policy import Action
from server.accounts.standing import Entrance, while_standing
from server.audit.record import record
from server.audit.way import Facts, coming
from server.tracing.looking import lost
from server.tracing.models import Session


class CutOff(Exception):
    """Ends the answer without its end: HTTP tells the client that something is missing."""


async def exported(
    chunks: AsyncGenerator[bytes], session: Session, actor: str, entrance: Entrance, way: Facts, detail: dict[str, Any]
) -> AsyncIterator[bytes]:
    """The chunks. Raises CutOff once the right to them has ended."""
    sent = 0

    async def cut(reason: str) -> None:
        facts = {**detail, "sent_bytes": sent, "refusal": reason}
        await database_sync_to_async(_on_record, thread_sensitive=False)(session, actor, way, facts)
        raise CutOff(f"export of session {session.pk} by {actor}: {reason}")

    check = _check(entrance, session)
    async for chunk in while_standing(chunks, (entrance, session.pk, "export"), check, cut):
        sent += len(chunk)
        yield chunk


def _check(entrance: Entrance, session: Session) -> Callable[[], str]:
    return lambda: lost(entrance, session.pk, Action.SESSION_EXPORT)


def _on_record(session: Session, actor: str, way: Facts, facts: dict[str, Any]) -> None:
    hosts = sorted(session.runs.values_list("host__name", flat=True))
    with coming(lambda: way):
        record(
            Action.SESSION_EXPORT,
            actor,
            "cut off",
            tool=session.tool,
            hosts=hosts,
            session=session.pk,
            reason=session.reason,
            detail=facts,
        )
