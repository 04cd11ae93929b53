from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async

from proto.v1.live_pb2 import LiveMessage, SessionState
from server import nudge
from server.accounts.models import User
from server.live import hub
from server.live import watcher as watcher_module
from server.live.messages import rows_message, session_state
from server.live.viewer import Rows
from server.live.watcher import Watcher
from server.tracing import session_keys
from server.tracing.models import Run, RunState
from server.tracing.segments import segment_store
from server.tracing.store import StoredBatch
from tests.server.tracing.rows import EncryptedFrames
from tests.server.tracing.sessions import Traced, encrypted, traced

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def running(user: Callable[..., User]) -> Traced:
    return traced(user())


def messages(watcher: Watcher) -> list[LiveMessage]:
    return [LiveMessage.FromString(message) for message in iter(watcher.viewer.next, None)]


async def until(watcher: Watcher, found: Callable[[LiveMessage], Any], seconds: float = 10) -> list[LiveMessage]:
    """Everything sent until such a message came."""
    taken: list[LiveMessage] = []
    async with asyncio.timeout(seconds):
        while not any(found(message) for message in taken):
            await watcher.woken()
            taken += messages(watcher)
    return taken


async def test_a_batch_is_read_once_however_many_watch(running: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(run: str, batch: StoredBatch) -> Rows:
        made.append(batch.seq)
        return rows_message(run, batch)

    monkeypatch.setattr(watcher_module, "rows_message", counted)
    session = running.session.pk
    watchers = [Watcher(name, {}) for name in ("ann", "bob", "cho")]
    async with (
        hub.watching(session, watchers[0]) as tail,
        hub.watching(session, watchers[1]),
        hub.watching(session, watchers[2]),
    ):
        await tail.ready.wait()
        for watcher in watchers:
            await watcher.read_up(segment_store(), tail)
        await sync_to_async(running.store)(5)
        await nudge.send(nudge.session_group(session), nudge.data_message(running.runs[0].pk, 1))
        for watcher in watchers:
            taken = await until(watcher, lambda message: message.HasField("rows"))
            assert [message.rows.rows for message in taken if message.HasField("rows")] == [5]
    assert made == [1]


async def test_a_nudge_is_heard_at_once(running: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LOOK_SECONDS", 60.0)
    watcher, session = Watcher("ann", {}), running.session.pk
    async with hub.watching(session, watcher) as tail:
        await tail.ready.wait()
        await watcher.read_up(segment_store(), tail)
        await sync_to_async(running.store)(5)
        await nudge.send(nudge.session_group(session), nudge.data_message(running.runs[0].pk, 1))
        taken = await until(watcher, lambda message: message.HasField("rows"))
    assert taken[-1].rows.seq == 1


async def test_lost_nudges_cost_a_second_and_no_rows(running: Traced) -> None:
    watcher = Watcher("ann", {})
    async with hub.watching(running.session.pk, watcher) as tail:
        await tail.ready.wait()
        await watcher.read_up(segment_store(), tail)
        await sync_to_async(segment_store().append)(
            running.session.pk, running.runs[0].pk, [running.frames[0].rows_of(5)]
        )
        taken = await until(watcher, lambda message: message.HasField("rows"), seconds=20)
    assert taken[-1].rows.rows == 5


async def test_a_run_that_attaches_later_is_shown_from_its_first_row(running: Traced) -> None:
    run = running.runs[0]
    await Run.objects.filter(pk=run.pk).aupdate(state=RunState.ACCEPTED, schema=b"")
    watcher, session = Watcher("ann", {}), running.session.pk
    async with hub.watching(session, watcher) as tail:
        await tail.ready.wait()
        await watcher.read_up(segment_store(), tail)
        assert watcher.viewer.live and not tail.cursors
        await sync_to_async(running.store)(5, 6)
        await Run.objects.filter(pk=run.pk).aupdate(state=RunState.ATTACHED, schema=run.schema)
        await nudge.send(nudge.session_group(session), nudge.state_message())
        taken = await until(watcher, lambda message: message.rows.seq == 2)
    kinds = [message.WhichOneof("message") for message in taken]
    assert kinds[-2:] == ["rows", "rows"]
    schemas = [m.state.runs[0].HasField("schema") for m in taken[: kinds.index("rows")] if m.HasField("state")]
    assert schemas[-1], "the schema goes out before the rows"


async def test_everybody_who_watches_is_named_across_processes(running: Traced) -> None:
    watcher, session = Watcher("ann", {}), running.session.pk
    async with hub.watching(session, watcher):
        elsewhere = {"type": "session.presence", "process": "another", "users": ["bob"]}
        await until(watcher, lambda message: list(message.state.watching) == ["ann"])
        await nudge.send(nudge.session_group(session), elsewhere)
        taken = await until(watcher, lambda message: list(message.state.watching) == ["ann", "bob"])
    assert taken


async def test_the_last_watcher_turns_off_the_light(running: Traced) -> None:
    async with hub.watching(running.session.pk, Watcher("ann", {})) as tail:
        assert hub._tails[running.session.pk] is tail
    assert running.session.pk not in hub._tails


async def test_a_database_that_is_away_comes_back(running: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([True, False])

    def flaky(session: UUID) -> SessionState:
        if next(failures, False):
            raise ConnectionError("no database")
        return session_state(session)

    monkeypatch.setattr(hub, "session_state", flaky)
    watcher = Watcher("ann", {})
    async with hub.watching(running.session.pk, watcher):
        taken = await until(watcher, lambda message: message.HasField("state"))
    assert taken[-1].state.state == "running"


async def test_rows_that_are_locked_follow_as_soon_as_somebody_has_opened_them(user: Callable[..., User]) -> None:
    made = await sync_to_async(_locked)(user)
    session, run = made.session.pk, made.runs[0].pk
    watcher = Watcher("ann", {})
    async with hub.watching(session, watcher) as tail:
        await tail.ready.wait()
        await watcher.read_up(segment_store(), tail)
        (state, *_) = await until(watcher, lambda message: message.HasField("state"))
        assert [shown.locked for shown in state.state.runs] == [True]
        frames = made.frames[0]
        assert isinstance(frames, EncryptedFrames)
        session_keys.keep_open(session, run, frames.key)
        await nudge.send(nudge.session_group(session), nudge.state_message())
        taken = await until(watcher, lambda message: message.HasField("rows"))
        assert [message.rows.rows for message in taken if message.HasField("rows") and message.rows.rows] == [5]
        session_keys.destroy(session)
        await nudge.send(nudge.session_group(session), nudge.state_message())
        again = await until(watcher, lambda message: message.HasField("state") and message.state.runs[0].locked)
        assert again


def _locked(user: Callable[..., User]) -> Traced:
    made = encrypted(user())
    made.store(5)
    made.end()
    session_keys.destroy(made.session.pk)
    return made
