"""Starts what is due, beside the web's requests. Of several processes one does it: whoever moves the time on."""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from server.errors import ApiError
from server.templates.begin import begin, skip
from server.templates.keep import next_due
from server.templates.models import Template

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
# Later than that it is a time that passed while no server ran: what people wanted to see then is over.
LATE = datetime.timedelta(minutes=2)


@asynccontextmanager
async def scheduling() -> AsyncIterator[None]:
    """Runs inside the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(_run(stop), name="schedule")
    try:
        yield
    finally:
        stop.set()
        await task


async def _run(stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await database_sync_to_async(start_due)()
        except DatabaseError as error:
            log.warning("templates that may be due could not be looked up: %s", error)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
        except TimeoutError:
            continue


def start_due() -> None:
    """Everything that is due, once over all processes; a time that passed unseen is said and left out."""
    now = timezone.now()
    due = Template.objects.select_related("owner", "last_session").filter(due_at__lte=now)
    for template in due.order_by("due_at"):
        _start(template, now)


def _start(template: Template, now: datetime.datetime) -> None:
    at, due = template.due_at, next_due(template.schedule, now)
    if at is None or not Template.objects.filter(pk=template.pk, due_at=at).update(due_at=due):
        return  # another process did
    if now - at > LATE:
        return skip(template, f"no server ran at {at:%Y-%m-%d %H:%M} UTC, when it was due")
    try:
        begin(template, "schedule")
    except ApiError as error:
        log.info("template %s of %s was not started: %s", template.name, template.owner.username, error.message)
