"""Keeps one connection to the server: both streams or none, tried again with growing, jittered pauses."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import grpc
import grpc.aio

from agent.clock import wall_ns
from agent.identity import Identity
from agent.link.control import Control
from agent.link.data import Uploader
from agent.link.upload import Stuck
from agent.packets import PACKET_MAX
from proto.frame import MAX_MESSAGE
from proto.v1.agent_pb2_grpc import AgentLinkStub
from proto.v1.local_pb2 import Credentials, LinkState, LinkToWarden

log = logging.getLogger(__name__)

PAUSE_FIRST, PAUSE_MAX = 0.2, 10.0
CONNECT_SECONDS = 10
STEADY_SECONDS = 10  # a connection that lived so long was a good one
OPTIONS: list[tuple[str, str | int]] = [
    ("grpc.max_receive_message_length", PACKET_MAX - 1024),  # must fit into one packet to the warden
    ("grpc.max_send_message_length", MAX_MESSAGE),
    # A connection that went dead without a word is noticed within 20 s, here and by the server.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.enable_http_proxy", 0),
]


# What ends a connection. gRPC calls it an invalid state to write to a stream that the server has just ended.
_ENDS = (grpc.aio.AioRpcError, ConnectionError, Stuck, asyncio.InvalidStateError)


class Client:
    def __init__(
        self, identity: Identity, control: Control, uploader: Uploader, tell: Callable[[LinkToWarden], None]
    ) -> None:
        self._identity = identity
        self._control, self._uploader, self._tell = control, uploader, tell
        self._renewed = asyncio.Event()

    def use(self, renewed: Credentials) -> None:
        """From now on. The connection that was made with the old ones ends."""
        self._identity = dataclasses.replace(
            self._identity,
            key_pem=renewed.key,
            certificate_pem=renewed.certificate,
            ca_pem=renewed.authorities,
        )
        self._renewed.set()

    async def run(self) -> None:
        """For ever."""
        pause = PAUSE_FIRST
        while True:
            began = time.monotonic()
            self._lost(await self._connection())
            if time.monotonic() - began > STEADY_SECONDS:
                pause = PAUSE_FIRST
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            pause = min(PAUSE_MAX, pause * 2)

    async def _connection(self) -> str:
        """One connection from start to end. Returns why it ended."""
        self._renewed.clear()
        try:
            async with self._channel() as channel:
                await asyncio.wait_for(self._ready(channel), CONNECT_SECONDS)
                await self._streams(AgentLinkStub(channel))  # type: ignore[no-untyped-call]
        except TimeoutError:
            return f"no answer from {self._identity.address} within {CONNECT_SECONDS} s"
        except ConnectionError as error:
            return str(error)
        except BaseExceptionGroup as group:
            expected, others = group.split(_ENDS)
            if others is not None or expected is None:
                raise
            return _why(expected)
        return "the server ended the connection"

    async def _streams(self, stub: AgentLinkStub) -> None:
        self._control.reset()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._control.run(stub))
            tasks.create_task(self._end_when_renewed())
            self._tell(LinkToWarden(link=LinkState(connected=True, since_wall_ns=wall_ns())))
            await self._control.welcomed.wait()
            log.info("connected to %s", self._identity.address)
            tasks.create_task(self._uploader.run(stub))

    async def _end_when_renewed(self) -> None:
        await self._renewed.wait()
        raise ConnectionError("the certificate of this host was renewed; connecting with the new one")

    async def _ready(self, channel: grpc.aio.Channel) -> None:
        """Raises ConnectionError at the first failure: when to try again is decided here, not in gRPC."""
        while (state := channel.get_state(try_to_connect=True)) is not grpc.ChannelConnectivity.READY:
            if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                raise ConnectionError(_ended(self._identity) or await _reason(channel))
            await channel.wait_for_state_change(state)

    def _channel(self) -> grpc.aio.Channel:
        credentials = grpc.ssl_channel_credentials(
            self._identity.ca_pem, self._identity.key_pem, self._identity.certificate_pem
        )
        return grpc.aio.secure_channel(self._identity.address, credentials, OPTIONS)

    def _lost(self, why: str) -> None:
        log.warning("not connected: %s", why)
        self._control.reset()
        self._tell(LinkToWarden(link=LinkState(connected=False, message=why, since_wall_ns=wall_ns())))


def _ended(own: Identity) -> str:
    """Of an ended certificate TLS says no more than that the handshake failed. Empty: it has not ended."""
    from cryptography import x509  # megabytes, wanted only when something is wrong

    until = x509.load_pem_x509_certificate(own.certificate_pem).not_valid_after_utc
    if until > datetime.now(UTC):
        return ""
    return (
        f"the certificate of this host ended on {until:%Y-%m-%d %H:%M} UTC, before it could be renewed; "
        "check this host's clock, or join it again with a new token"
    )


async def _reason(channel: grpc.aio.Channel) -> str:
    """gRPC tells why a channel failed to those who use it only."""
    try:
        await AgentLinkStub(channel).Data().read()  # type: ignore[no-untyped-call]
    except grpc.aio.AioRpcError as error:
        return str(error.details())
    return "the connection failed"


def _why(group: BaseExceptionGroup[BaseException]) -> str:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name.lower()}: {error.details()}"
    return str(error)
