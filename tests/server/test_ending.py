from __future__ import annotations

import asyncio
import logging

import pytest

from server import ending
from server.ending import ended


async def deaf(times: int) -> None:
    """Loses so many cancellations, as a read through asyncio.wait_for may."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not times:
                raise
            times -= 1


async def test_a_lost_cancellation_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.01)
    tasks = [asyncio.create_task(deaf(times), name=f"deaf {times}") for times in (0, 1, 2)]
    await asyncio.sleep(0)
    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(5):
            await ended(tasks)
    assert all(task.cancelled() for task in tasks)
    assert [record.getMessage().split(" goes")[0] for record in caplog.records].count("deaf 2") == 2


async def test_what_a_task_does_on_its_way_out_is_not_cut_short() -> None:
    left = []

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            left.append("tidied")

    task = asyncio.create_task(tidy())
    await asyncio.sleep(0)
    await ended([task])
    assert left == ["tidied"]


async def test_failures_and_tasks_that_have_ended_are_fine() -> None:
    async def fails() -> None:
        raise ValueError("expected")

    over = asyncio.create_task(asyncio.sleep(0))
    await over
    failing = asyncio.create_task(fails())
    await ended([failing, over])
    await ended([])
    assert failing.done() and over.done()
