from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from server import nudge
from server.accounts.models import User
from server.tracing import nudges
from server.tracing.models import Session
from server.tracing.nudges import listening
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def running(user: Callable[..., User]) -> Traced:
    return traced(user())


async def test_a_nudge_wakes_every_reader_at_once(running: Traced) -> None:
    session = running.session.pk
    async with listening(session) as first, listening(session) as second:
        assert first is second, "one listener a session and process"
        heard, start = first.heard, time.monotonic()
        waiting = [asyncio.create_task(first.wait(heard, 30)) for _ in range(3)]
        await nudge.send(nudge.session_group(session), nudge.data_message(running.runs[0].pk, 1))
        await asyncio.gather(*waiting)
    assert time.monotonic() - start < 25


async def test_what_came_before_the_wait_is_not_missed(running: Traced) -> None:
    session = running.session.pk
    async with listening(session) as listener:
        heard, state = listener.heard, listener.state
        await nudge.send(nudge.session_group(session), nudge.state_message())
        await listener.wait(heard, 30)
        assert listener.state == state + 1
        async with asyncio.timeout(5):
            await listener.wait(heard, 30)


async def test_without_a_nudge_the_wait_ends(running: Traced) -> None:
    async with listening(running.session.pk) as listener:
        while True:  # its own presence message is heard, too
            heard = listener.heard
            await listener.wait(heard, 0.2)
            if listener.heard == heard:
                break
    assert listener.readers == 0
    assert running.session.pk not in nudges._listeners


async def watched(session: UUID, holds: Callable[[Session], bool]) -> Session:
    async with asyncio.timeout(10):
        while not holds(found := await Session.objects.aget(pk=session)):
            await asyncio.sleep(0.02)
    return found


async def test_a_running_session_is_marked_as_watched_again_and_again(
    running: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nudges, "RENEW_SECONDS", 0.05)
    session = running.session.pk
    async with listening(session):
        first = await watched(session, lambda found: found.watched_until is not None)
        before = first.watched_until
        assert before is not None
        assert timedelta(0) < before - timezone.now() <= nudges.WATCH
        await watched(session, lambda found: found.watched_until is not None and found.watched_until > before)


async def test_hosts_hear_of_it_when_watching_begins(running: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudges, "RENEW_SECONDS", 0.05)
    host = nudge.Subscriber()
    await host.open()
    await host.join(nudge.host_group(running.runs[0].host_id))
    async with listening(running.session.pk):
        async with asyncio.timeout(10):
            assert (await host.receive())["type"] == "host.nudge"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await host.receive()


async def test_an_ended_session_is_not_marked(running: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    from asgiref.sync import sync_to_async

    await sync_to_async(running.end)()
    await sync_to_async(nudges._keep_watched)(running.session.pk)
    assert (await Session.objects.aget(pk=running.session.pk)).watched_until is None


async def test_a_channel_layer_that_fails_is_tried_again(running: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudges, "RETRY_SECONDS", 0.01)
    real, failures = nudge.Subscriber.receive, iter([True, True])

    async def flaky(self: nudge.Subscriber) -> dict[str, object]:
        if next(failures, False):
            raise ConnectionError("no redis")
        return await real(self)

    monkeypatch.setattr(nudge.Subscriber, "receive", flaky)
    session = running.session.pk
    async with listening(session) as listener, asyncio.timeout(10):
        while not listener.state:
            await nudge.send(nudge.session_group(session), nudge.state_message())
            await asyncio.sleep(0.02)
    assert listener.state
