from __future__ import annotations

import asyncio
import datetime
import logging
import uuid
from collections.abc import Awaitable, Callable

import pytest
from django.utils import timezone

from server import nudge
from server.accounts.models import User
from server.fleet.models import Host
from server.ingest import background, runs
from server.ingest.background import Background
from server.ingest.database import in_db
from server.ingest.links import Link, Links
from server.ingest.runs import OpenRun
from server.tracing import progress, storage
from server.tracing.models import Run, Session
from server.tracing.progress import Progress
from server.tracing.segments import segment_store
from tests.server.fleet.hosts import make_host
from tests.server.ingest.conftest import Api, Join
from tests.server.ingest.scripted import RunFrames, agent, attached, until
from tests.server.tracing.sessions import Traced, traced

MakeApi = Callable[[str], Awaitable[Api]]


async def test_a_lost_nudge_costs_a_second_and_no_start(
    address: str, join: Join, api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, person = await join(), await api("tracer")
    monkeypatch.setattr(nudge, "hosts", lambda _ids: None)
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        assert (await host.start()).session_id == uuid.UUID(made["id"]).bytes


async def test_watching_reaches_the_host_and_ends(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        await person.post("sessions", {"tool": "opensnoop"}, 201)
        await attached(host)
        soon = timezone.now() + datetime.timedelta(seconds=1.5)
        await in_db(lambda: Session.objects.update(watched_until=soon))
        assert (await host.wait(lambda m: m.watch.watched)).watch.watched
        assert not (await host.wait(lambda m: m.HasField("watch") and not m.watch.watched)).watch.watched


async def test_a_connected_host_stays_online(address: str, join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = await join()
    async with agent(address, identity) as host:
        await host.hello()
        first = (await in_db(Host.objects.get)).last_seen

        async def seen() -> datetime.datetime | None:
            return (await in_db(Host.objects.get)).last_seen

        assert await until(seen, lambda last: last != first)


@pytest.mark.usefixtures("committed")
async def test_a_silent_host_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    host = await in_db(make_host, "web-1")
    links, group = Links(), nudge.Subscriber()
    link = Link(host.id, host.name, connection=host.connection)
    links.add(link)
    await group.open()
    async with Background(links, group).running():
        link.last_heard -= 1000
        await asyncio.wait_for(link.closed.wait(), 5)
    assert link.closed.is_set()


@pytest.mark.usefixtures("committed")
async def test_progress_is_written_before_the_process_ends() -> None:
    links, group = Links(), nudge.Subscriber()
    link = Link(uuid.uuid4(), "web-1")
    run = OpenRun(uuid.uuid4(), uuid.uuid4(), link.host, Progress(uuid.uuid4()), dirty=True)
    link.runs[run.id.bytes] = run
    links.add(link)
    await group.open()
    async with Background(links, group).running():
        pass
    assert not run.dirty


async def test_what_fails_is_tried_again(
    address: str, join: Join, api: MakeApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "_RETRY_SECONDS", 0.05)
    write, calls = progress.write, []

    def sometimes(found: list[Progress]) -> None:
        calls.append(found)
        if len(calls) < 3:
            raise OSError("the database is away")
        write(found)

    monkeypatch.setattr(runs, "write", sometimes)
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = await attached(host)
        host.send(RunFrames(run).rows_of(10))
        await host.ack(run, 1)
        with caplog.at_level(logging.ERROR):
            found = await until(lambda: person.get(f"sessions/{made['id']}"), lambda s: s["rows"] == 10)
        assert found["rows"] == 10
        assert len(calls) >= 3
    assert await in_db(Run.objects.count) == 1


def old_session() -> Traced:
    made = traced(User.objects.create(username="ann"))
    made.store(3000)
    made.end()
    return made


@pytest.mark.usefixtures("committed")
async def test_what_is_sealed_gets_its_rollup_and_goes_when_it_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "SEAL_SECONDS", 0.1)
    monkeypatch.setattr(background, "BOUNDS_SECONDS", 0.1)
    made = await in_db(old_session)
    folder = segment_store().root / str(made.session.pk)
    group = nudge.Subscriber()
    await group.open()
    async with Background(Links(), group).running():

        async def rollups() -> int:
            return len(list(folder.rglob("*.rollup")))

        assert await until(rollups, lambda count: count == 1, 60)
        long_ago = timezone.now() - datetime.timedelta(days=9)
        await in_db(lambda: Session.objects.filter(pk=made.session.pk).update(ended_at=long_ago))
        await in_db(storage.change, "ann", storage.Bounds(keep_days=8))

        async def left() -> bool:
            return folder.exists() or await in_db(Session.objects.filter(pk=made.session.pk).exists)

        assert not await until(left, lambda there: not there, 60)
