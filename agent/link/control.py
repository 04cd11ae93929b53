"""The control stream: relays what warden and server say to each other, without reading it.

A connection begins with the warden's Hello. What the warden says while there is none is dropped: its Hello, and the
reports that follow it, tell a server that was away everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import grpc.aio

from proto.v1.agent_pb2 import AgentMessage, ServerMessage
from proto.v1.agent_pb2_grpc import AgentLinkStub
from proto.v1.local_pb2 import LinkToWarden

QUEUE_MAX = 1000  # messages; a server that does not read them is given up


class Control:
    """Outlives connections. ``welcomed`` is set once the server has answered on the present one."""

    def __init__(self, tell: Callable[[LinkToWarden], None]) -> None:
        self._tell = tell
        self._queue: asyncio.Queue[AgentMessage] = asyncio.Queue(QUEUE_MAX)
        self._greeted = False
        self._full = asyncio.Event()
        self.welcomed = asyncio.Event()

    def relay(self, message: AgentMessage) -> None:
        """From the warden, to be sent."""
        self._greeted = self._greeted or message.HasField("hello")
        if not self._greeted:
            return
        if self._queue.full():
            self._full.set()
        else:
            self._queue.put_nowait(message)

    def reset(self) -> None:
        """Before a connection: nothing said so far is for it."""
        self._queue = asyncio.Queue(QUEUE_MAX)
        self._greeted = False
        self._full.clear()
        self.welcomed.clear()

    async def run(self, stub: AgentLinkStub) -> None:
        """Until the stream ends, then raise AioRpcError or ConnectionError."""
        call = stub.Control()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send(call))
            tasks.create_task(self._receive(call))
            tasks.create_task(self._give_up())

    async def _send(self, call: grpc.aio.StreamStreamCall[AgentMessage, ServerMessage]) -> None:
        while True:
            await call.write(await self._queue.get())

    async def _give_up(self) -> None:
        await self._full.wait()
        raise ConnectionError(f"the server has not read {QUEUE_MAX} messages")

    async def _receive(self, call: grpc.aio.StreamStreamCall[AgentMessage, ServerMessage]) -> None:
        async for message in call:
            self.welcomed.set()
            self._tell(LinkToWarden(server=message))
        raise ConnectionError(f"the server ended the control stream: {await call.details() or 'without a reason'}")
