from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pyarrow as pa
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from proto.v1.live_pb2 import Cursor, LiveMessage, RunRows, Seen, SessionState, Subscribe, ViewerMessage
from server.accounts.browsers import SessionStore
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.live.routing import websocket_urlpatterns
from server.tracing import sharing
from server.tracing.models import Session, Share
from server.tracing.sharing import Terms
from tests.server.people import grant, team
from tests.server.tracing.rows import EVENTS
from tests.server.tracing.sessions import Traced, traced

pytestmark = pytest.mark.usefixtures("committed")

in_thread = sync_to_async
APP = URLRouter(websocket_urlpatterns)


class Browser:
    """Keeps what it gets, and acknowledges every batch as drawn."""

    def __init__(self, socket: ApplicationCommunicator) -> None:
        self.socket = socket
        self.rows: list[RunRows] = []
        self.states: list[SessionState] = []
        self.closing = ""
        self.acknowledge = True

    async def subscribe(self, *cursors: Cursor) -> None:
        self._drawn = 0
        await self._send(ViewerMessage(subscribe=Subscribe(cursors=cursors)))

    async def until(self, reached: Callable[[Browser], object], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not reached(self):
                event = await self.socket.receive_output(seconds)
                assert event["type"] == "websocket.send", event
                await self._take(LiveMessage.FromString(event["bytes"]))

    @property
    def row_count(self) -> int:
        return sum(batch.rows for batch in self.rows)

    @property
    def seqs(self) -> list[int]:
        return [batch.seq for batch in self.rows]

    async def _take(self, message: LiveMessage) -> None:
        match message.WhichOneof("message"):
            case "rows" | "group":
                assert self.states and self.states[-1].runs[0].HasField("schema"), "rows came before their schema"
                self.rows += message.group.batches or [message.rows]
                self._drawn += 1
                if self.acknowledge:
                    await self._send(ViewerMessage(seen=Seen(messages=self._drawn)))
            case "state":
                self.states.append(message.state)
            case "closing":
                self.closing = message.closing.reason

    async def _send(self, message: ViewerMessage) -> None:
        await self.send(message.SerializeToString())

    async def send(self, data: bytes) -> None:
        await self.socket.send_input({"type": "websocket.receive", "bytes": data})


@asynccontextmanager
async def browser(user: User | AnonymousUser, session: object) -> AsyncIterator[Browser]:
    scope = {"type": "websocket", "path": f"/ws/sessions/{session}", "user": user, "session": SessionStore()}
    socket = ApplicationCommunicator(APP, scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["type"] == "websocket.accept"
    yield Browser(socket)
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(5)


@pytest.fixture
def tracer(user: Callable[..., User]) -> User:
    return user("tracer")


@pytest.fixture
def running(tracer: User) -> Traced:
    session = traced(tracer)
    session.store(5, 6)
    return session


async def test_what_is_stored_then_what_arrives(tracer: User, running: Traced) -> None:
    async with browser(tracer, running.session.pk) as page:
        await page.subscribe()
        await page.until(lambda b: b.row_count == 11)
        assert [batch.backfill for batch in page.rows] == [True]
        await in_thread(running.store)(7)
        await page.until(lambda b: b.row_count == 18)
        assert page.seqs == [2, 3]
        assert not page.rows[-1].backfill
        assert page.states[0].watching == ["tracer"]
        await in_thread(running.end)()
        await page.until(lambda b: b.states[-1].state == "ended")
        assert page.states[-1].runs[0].books == "complete"


def decoded(page: Browser) -> list[dict[str, object]]:
    """The rows, however many batches they came in."""
    rows: list[dict[str, object]] = []
    for batch in page.rows:
        rows += pa.ipc.open_stream(EVENTS.arrow_schema + batch.body).read_all().to_pylist()
    return rows


async def test_a_second_browser_that_reloads_has_the_same_rows(tracer: User, running: Traced) -> None:
    session = running.session.pk
    async with browser(tracer, session) as first:
        await first.subscribe()
        async with browser(tracer, session) as second:
            await second.subscribe()
            await in_thread(running.store)(8)
            await second.until(lambda b: b.row_count == 19)
        await in_thread(running.store)(9, 10)
        async with browser(tracer, session) as second:
            await second.subscribe()
            await in_thread(running.store)(3)
            await in_thread(running.end)()
            for page in (first, second):
                await page.until(lambda b: b.row_count == 41)
            assert first.seqs[-1] == second.seqs[-1] == 6
            assert decoded(first) == decoded(second)


async def test_it_resumes_at_its_cursors(tracer: User, running: Traced) -> None:
    async with browser(tracer, running.session.pk) as page:
        await page.subscribe(Cursor(run=str(running.runs[0].pk), seq=1))
        await page.until(lambda b: b.rows)
        assert page.seqs == [2]
        await page.subscribe()
        await page.until(lambda b: b.row_count == 17)
        assert [(batch.seq, batch.rows) for batch in page.rows] == [(2, 6), (2, 11)]


async def test_watching_is_marked_for_the_hosts(tracer: User, running: Traced) -> None:
    async with browser(tracer, running.session.pk) as page:
        await page.subscribe()
        await page.until(lambda b: b.rows)

        async def watched() -> bool:
            return (await Session.objects.aget(pk=running.session.pk)).watched_until is not None

        async with asyncio.timeout(5):
            while not await watched():
                await asyncio.sleep(0.02)
    assert await AuditEntry.objects.filter(action="session.view", actor="tracer").aexists()


async def test_who_is_not_signed_in_is_told(running: Traced) -> None:
    async with browser(AnonymousUser(), running.session.pk) as page:
        await page.until(lambda b: b.closing)
        assert page.closing == "sign in first"


async def test_an_unknown_session_is_told(tracer: User) -> None:
    async with browser(tracer, uuid4()) as page:
        await page.until(lambda b: b.closing)
        assert "there is no session" in page.closing


async def test_a_person_made_inactive_is_cut_off_without_a_nudge(tracer: User, running: Traced) -> None:
    async with browser(tracer, running.session.pk) as page:
        await page.subscribe()
        await page.until(lambda b: b.rows)
        await User.objects.filter(pk=tracer.pk).aupdate(is_active=False)
        await page.until(lambda b: b.closing)
        assert page.closing == "sign in first"


@pytest.mark.parametrize("end", ["revoked", "expired"])
async def test_a_share_that_ends_closes_the_socket(tracer: User, running: Traced, end: str) -> None:
    text = str(running.session.pk)
    bob = await User.objects.acreate(username="bob", password="!")
    await in_thread(grant)(bob, "viewer", await in_thread(team)("web"))
    link, secret = await in_thread(sharing.give)(tracer, text, Terms())
    await in_thread(sharing.open_link)(bob, text, secret)
    async with browser(bob, text) as page:
        await page.subscribe()
        await page.until(lambda b: b.rows)
        if end == "revoked":
            await in_thread(sharing.revoke)(tracer, text, link.pk)
        else:
            await Share.objects.aupdate(expires_at=timezone.now())
        await page.until(lambda b: b.closing, 30)
        assert page.closing.startswith("session.view needs the role")


async def test_a_deleted_session_closes_its_sockets(tracer: User, running: Traced) -> None:
    async with browser(tracer, running.session.pk) as page:
        await page.subscribe()
        await page.until(lambda b: b.rows)
        await Session.objects.filter(pk=running.session.pk).adelete()
        await page.until(lambda b: b.closing)
        assert page.closing == "the session was deleted"


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"", bytes(2 * 1024 * 1024)])
async def test_nonsense_closes_the_socket(tracer: User, running: Traced, data: bytes) -> None:
    async with browser(tracer, running.session.pk) as page:
        await page.send(data)
        closed = await page.socket.receive_output(5)
        assert (closed["type"], closed["code"]) == ("websocket.close", 4400)
