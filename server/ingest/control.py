"""The control stream of one host: hello, welcome, then reports up and orders down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.message import DecodeError
from grpc import StatusCode
from grpc.aio import ServicerContext

from proto.frame import MAX_MESSAGE
from proto.v1.agent_pb2 import AgentMessage, Hello, ServerMessage, Welcome
from server import nudge
from server.fleet import presence
from server.fleet.models import HEARTBEAT_SECONDS
from server.ingest import refused, witnesses
from server.ingest.database import in_db
from server.ingest.identity import Caller
from server.ingest.links import Link, Links
from server.ingest.outbound import push
from server.ingest.reports import take_report
from server.ingest.runs import flush
from server.tracing.reconcile import reconcile

log = logging.getLogger(__name__)

HELLO_SECONDS = 10
TOGETHER_SECONDS = 5  # within which the other stream of a lost connection ends too
Context = ServicerContext[AgentMessage, ServerMessage]


class ControlStream:
    """Serves one call of `AgentLink.Control`."""

    def __init__(self, caller: Caller, links: Links, group: nudge.Subscriber) -> None:
        self._links = links
        self._group = group
        self._link = Link.to(caller)

    async def serve(self, requests: AsyncIterator[AgentMessage], context: Context) -> AsyncIterator[ServerMessage]:
        link, hello = self._link, await self._hello(requests, context)
        tasks: list[asyncio.Task[Any]] = []
        try:
            yield await self._welcome(hello)
            closing = asyncio.create_task(link.closed.wait())
            tasks = [closing, asyncio.create_task(self._read(requests)), asyncio.create_task(_lone(link))]
            await push(self._links, [link.host])
            while message := await _next(link, closing):
                yield message
        finally:
            for task in tasks:
                task.cancel()
            await self._gone()

    async def _welcome(self, hello: Hello) -> ServerMessage:
        link = self._link
        await in_db(presence.connected, link.host, link.connection, hello)
        found = await in_db(reconcile, link.host, hello)
        witnesses.heard(link, hello.witnessed)
        self._links.add(link)
        await self._group.join(nudge.host_group(link.host))
        await nudge.send(nudge.FLEET, nudge.fleet_message("hosts"))
        log.info("%s is connected, agent %s", link.name, hello.agent_version)
        welcome = Welcome(
            host_id=str(link.host),
            live_runs=[run.bytes for run in found.live],
            forgotten_runs=[run.bytes for run in found.forgotten],
            heartbeat_seconds=HEARTBEAT_SECONDS,
            wall_ns=time.time_ns(),
        )
        return ServerMessage(welcome=welcome)

    async def _read(self, requests: AsyncIterator[AgentMessage]) -> None:
        try:
            async for message in requests:
                self._link.heard()
                await take_report(self._link, message)
        except DecodeError:
            await refused.note(self._link, refused.Kind.MESSAGE, "it sent a report that cannot be read")
        except Exception:
            log.exception("%s: a report could not be taken over; its connection starts again", self._link.name)
        finally:
            self._link.close()

    async def _hello(self, requests: AsyncIterator[AgentMessage], context: Context) -> Hello:
        """gRPC ends the requests without a word when a message is too large or compressed."""
        try:
            first = await asyncio.wait_for(anext(aiter(requests)), HELLO_SECONDS)
        except (TimeoutError, StopAsyncIteration, DecodeError):
            first = AgentMessage()
        if not first.HasField("hello"):
            await refused.note(self._link, refused.Kind.HELLO, "it opened a control stream without a hello")
            await context.abort(StatusCode.INVALID_ARGUMENT, "the first message of a control stream must be hello")
        return first.hello

    async def _gone(self) -> None:
        link = self._link
        self._links.remove(link)
        if self._links.get(link.host) is None:
            await self._group.leave(nudge.host_group(link.host))
        await flush(link.runs.values())
        await in_db(presence.disconnected, link.connection)
        await nudge.send(nudge.FLEET, nudge.fleet_message("hosts"))
        log.info("%s is disconnected", link.name)


async def _lone(link: Link) -> None:
    """An agent ends both streams or none. gRPC ends one without a word when a message on it is too large."""
    while True:
        await link.data_ended.wait()
        await asyncio.sleep(TOGETHER_SECONDS)
        link.data_ended.clear()
        why = f"its data stream alone ended, as one does at a message of more than {MAX_MESSAGE} bytes"
        await refused.note(link, refused.Kind.MESSAGE, why)


async def _next(link: Link, closing: asyncio.Task[bool]) -> ServerMessage | None:
    """The next message for the host; None when the stream shall end."""
    getting = asyncio.create_task(link.outbox.get())
    try:
        await asyncio.wait((getting, closing), return_when=asyncio.FIRST_COMPLETED)
        return None if closing.done() else getting.result()
    finally:
        getting.cancel()
