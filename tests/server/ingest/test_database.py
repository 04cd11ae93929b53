from __future__ import annotations

import asyncio
import threading

import pytest
from django.db import OperationalError, connection

from server.accounts.models import User
from server.ingest.database import in_db


@pytest.mark.usefixtures("committed")
async def test_queries_run_beside_the_event_loop_and_see_commits() -> None:
    await in_db(User.objects.create, username="ann", password="!")
    assert await in_db(User.objects.count) == 1
    names = await asyncio.gather(*(in_db(lambda: threading.current_thread().name) for _ in range(20)))
    assert all(name.startswith("ingest-db") for name in names)


async def test_errors_come_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_db(lambda: 1 / 0)


@pytest.mark.usefixtures("committed")
async def test_a_connection_stays_open_until_it_fails() -> None:
    """One thread at a time, so the same connection answers."""
    seen = set()

    def look() -> None:
        User.objects.count()
        seen.add(id(connection.connection))

    def fail() -> None:
        User.objects.count()
        raise OperationalError("the database is away")

    for _ in range(20):
        await in_db(look)
    assert len(seen) <= 4
    for _ in range(8):
        with pytest.raises(OperationalError):
            await in_db(fail)
    assert await in_db(User.objects.count) == 0
