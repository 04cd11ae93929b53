from __future__ import annotations

import asyncio
import logging
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, sync_to_async
from django.db import transaction

from server import nudge


async def test_a_subscriber_hears_its_groups_alone() -> None:
    host, other = uuid.uuid4(), uuid.uuid4()
    group = nudge.Subscriber()
    await group.open()
    await group.join(nudge.host_group(host))
    await nudge.send(nudge.host_group(other), {"type": "host.nudge", "host": str(other)})
    await nudge.send(nudge.host_group(host), {"type": "host.nudge", "host": str(host)})
    async with asyncio.timeout(5):
        assert (await group.receive())["host"] == str(host)
    await group.leave(nudge.host_group(host))
    await nudge.send(nudge.host_group(host), {"type": "host.nudge", "host": str(host)})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(group.receive(), 0.05)


@pytest.mark.usefixtures("committed")
async def test_a_nudge_leaves_when_its_transaction_is_visible() -> None:
    group = nudge.Subscriber()
    await group.open()
    await group.join(nudge.FLEET)

    def change() -> None:
        with transaction.atomic():
            nudge.fleet_changed("hosts")
            nudge.fleet_changed("sessions")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            nudge.fleet_changed("audit")
            raise ZeroDivisionError

    await sync_to_async(change)()
    async with asyncio.timeout(5):
        heard = [(await group.receive())["what"] for _ in range(2)]
    assert sorted(heard) == ["hosts", "sessions"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(group.receive(), 0.05)


@pytest.mark.usefixtures("committed")
async def test_a_thread_does_not_wait_for_a_loop_that_is_busy_or_gone() -> None:
    """One that did would keep the process from ending."""
    group = nudge.Subscriber()
    await group.open()
    await group.join(nudge.FLEET)
    loop = asyncio.get_running_loop()

    def change() -> None:
        SyncToAsync.threadlocal.main_event_loop, SyncToAsync.threadlocal.main_event_loop_pid = loop, os.getpid()
        nudge.fleet_changed("hosts")

    with ThreadPoolExecutor(1) as thread:
        thread.submit(change).result(timeout=30)  # while this loop waits for the thread
    async with asyncio.timeout(5):
        assert (await group.receive())["what"] == "hosts"


async def test_a_layer_that_is_away_costs_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Away:
        async def group_send(self, _group: str, _message: dict[str, Any]) -> None:
            raise ConnectionError("no Redis")

    monkeypatch.setattr(nudge, "get_channel_layer", Away)
    with caplog.at_level(logging.WARNING):
        await nudge.send(nudge.FLEET, nudge.fleet_message("hosts"))
    assert "no Redis" in caplog.text
