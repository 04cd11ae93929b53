"""A link without its process: the real client against the real server, with the test in the warden's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from agent.identity import Identity
from agent.link.client import Client
from agent.link.control import Control
from agent.link.data import Uploader
from proto import frame
from proto.v1.agent_pb2 import AgentMessage, Hello
from proto.v1.local_pb2 import LinkToWarden, Spooled
from proto.v1.stream_pb2 import BatchHead
from tests.agent.support.server import FleetServer

RUN = b"\x05" * 16


class Link:
    """``told`` is what the warden would have heard. Greets by itself, as the warden does."""

    def __init__(self, identity: Identity, runs: Path) -> None:
        self.runs = runs
        self.told: list[LinkToWarden] = []
        self.greeting = [AgentMessage(hello=Hello(agent_version="test"))]
        self.control, self.uploader = Control(self.tell), Uploader(self.tell, runs)
        client = Client(identity, self.control, self.uploader, self.tell)
        self.use = client.use
        self.client = asyncio.create_task(client.run())

    def tell(self, message: LinkToWarden) -> None:
        self.told.append(message)
        if message.link.connected:
            for greeting in self.greeting:
                self.control.relay(greeting)

    def spool(self, first: int, last: int, run_id: bytes = RUN, size: int = 100, *, ended: bool = False) -> None:
        folder = self.runs / run_id.hex() / "spool"
        folder.mkdir(parents=True, exist_ok=True)
        heads = (BatchHead(run_id=run_id, seq=seq) for seq in range(first, last + 1))
        path = folder / f"{first:012d}.frames"
        path.write_bytes(b"".join(frame.encode(head, b"x" * size) for head in heads))
        self.uploader.spooled(Spooled(run_id=run_id, seq=last, ended=ended))

    def acked(self, run_id: bytes = RUN) -> int:
        return max((message.ack.seq for message in self.told if message.ack.run_id == run_id), default=0)

    def states(self) -> list[tuple[bool, str]]:
        return [(message.link.connected, message.link.message) for message in self.told if message.HasField("link")]


@pytest_asyncio.fixture
async def link(server: FleetServer, tmp_path: Path) -> AsyncIterator[Link]:
    link = Link(server.authority.identity(server.address), tmp_path)
    yield link
    while not link.client.done():  # one that comes just as the connection breaks is lost in the errors of a task group
        link.client.cancel()
        await asyncio.wait([link.client], timeout=3)
