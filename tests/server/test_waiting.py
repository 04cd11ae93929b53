from __future__ import annotations

import asyncio
import threading
import time

import pytest

from server import nudge, waiting
from server.waiting import wait_for


async def test_it_returns_what_is_found_as_soon_as_somebody_nudges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 60.0)
    found: list[str] = []
    looks: list[float] = []

    def look() -> str | None:
        looks.append(time.monotonic())
        return found[0] if found else None

    async def answer() -> None:
        while not looks:
            await asyncio.sleep(0.01)
        found.append("yes")
        await nudge.send("a-group", nudge.ask_message())

    sent = threading.Event()
    answering = asyncio.create_task(answer())
    assert await wait_for("a-group", sent.set, look, 30) == "yes"
    await answering
    assert sent.is_set()
    assert len(looks) == 2


async def test_a_nudge_that_is_lost_costs_a_moment() -> None:
    answers = iter([None, None, "late"])
    assert await wait_for("a-group", lambda: None, lambda: next(answers), 10) == "late"


async def test_nothing_in_time_is_none_and_a_refusal_ends_the_wait() -> None:
    begun = time.monotonic()
    nothing: list[str] = []
    found = await wait_for("a-group", lambda: None, lambda: nothing[0] if nothing else None, 0.1)
    assert found is None
    assert time.monotonic() - begun < 5

    def gone() -> None:
        raise LookupError("it left")

    with pytest.raises(LookupError, match="it left"):
        await wait_for("a-group", lambda: None, gone, 10)
