from __future__ import annotations

import uuid

import pytest

from proto.v1.agent_pb2 import ServerMessage, SignedAsk, SignedEnvelope, SignedOpening
from proto.v1.stream_pb2 import END_CAUSE_STOPPED
from server.ingest import outbound
from server.ingest.links import Link, Links
from server.tracing.dispatch import Wanted

HOST, RUN = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def link() -> Link:
    return Link(HOST, "web-1")


async def pushed(
    link: Link,
    monkeypatch: pytest.MonkeyPatch,
    *wanted: Wanted,
    starts: int = 0,
    asks: int = 0,
    openings: int = 0,
    doomed: tuple[uuid.UUID, ...] = (),
) -> list[ServerMessage]:
    """What the link is told when the database says this."""
    links = Links()
    links.add(link)
    taken = [(HOST, RUN, SignedEnvelope(payload=b"order"))] * starts
    monkeypatch.setattr(outbound, "starts_wait", lambda _hosts: bool(taken))
    monkeypatch.setattr(outbound, "take_starts", lambda _hosts: taken)
    monkeypatch.setattr(outbound, "take_asks", lambda _hosts: [(HOST, SignedAsk(payload=b"question"))] * asks)
    monkeypatch.setattr(
        outbound, "take_openings", lambda _hosts: [(HOST, SignedOpening(payload=b"opening"))] * openings
    )
    monkeypatch.setattr(outbound, "doomed", lambda _hosts: {HOST: frozenset(doomed)} if doomed else {})
    monkeypatch.setattr(outbound, "wanted", lambda _hosts: list(wanted))
    await outbound.push(links)
    return [message for message in (link.outbox.get_nowait() for _ in range(link.outbox.qsize())) if message]


async def test_starts_leave_in_order(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await pushed(link, monkeypatch, starts=2)
    assert [message.start.payload for message in told] == [b"order", b"order"]


async def test_questions_leave_behind_starts(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await pushed(link, monkeypatch, starts=1, asks=1)
    assert [message.WhichOneof("message") for message in told] == ["start", "ask"]
    assert told[1].ask.payload == b"question"


async def test_openings_leave_too(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = await pushed(link, monkeypatch, openings=1)
    assert told.opening.payload == b"opening"


async def test_keys_to_destroy_are_told_once_for_each_connection(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    other = uuid.uuid4()
    (told,) = await pushed(link, monkeypatch, doomed=(RUN,))
    assert list(told.destroy.run_ids) == [RUN.bytes]
    assert await pushed(link, monkeypatch, doomed=(RUN,)) == []
    (more,) = await pushed(link, monkeypatch, doomed=(RUN, other))
    assert set(more.destroy.run_ids) == {RUN.bytes, other.bytes}
    assert len(await pushed(Link(HOST, "web-1"), monkeypatch, doomed=(RUN,))) == 1


async def test_a_stop_is_told_once_for_each_connection(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Wanted(HOST, RUN, "stopped", "by ann", watched=False)
    (told,) = await pushed(link, monkeypatch, wanted)
    assert (told.stop.run_id, told.stop.cause, told.stop.message) == (RUN.bytes, END_CAUSE_STOPPED, "by ann")
    assert await pushed(link, monkeypatch, wanted) == []
    assert len(await pushed(Link(HOST, "web-1"), monkeypatch, wanted)) == 1


async def test_watching_is_told_when_it_changes(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    on, off = (Wanted(HOST, RUN, "", "", watched=watched) for watched in (True, False))
    assert await pushed(link, monkeypatch, off) == []
    (told,) = await pushed(link, monkeypatch, on)
    assert told.watch.watched
    assert await pushed(link, monkeypatch, on) == []
    (told,) = await pushed(link, monkeypatch, off)
    assert not told.watch.watched
    await pushed(link, monkeypatch, on)
    await pushed(link, monkeypatch)
    assert link.watched == set()


async def test_nothing_is_asked_for_no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "starts_wait", lambda _hosts: 1 / 0)
    await outbound.push(Links(), [HOST])
    assert True
