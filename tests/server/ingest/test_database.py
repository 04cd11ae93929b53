from __future__ import annotations

import asyncio
import threading

import pytest

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
