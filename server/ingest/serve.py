"""The gRPC server and the background work of one ingest process."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

# gRPC's Python API cannot set a minimum of TLS 1.3. A list of TLS 1.2 suites that no handshake here can use does it.
os.environ["GRPC_SSL_CIPHER_SUITES"] = "PSK-AES128-CBC-SHA"
# A handshake that fails is the caller's mistake, not news for this log.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

import grpc
from django.conf import settings
from grpc import StatusCode
from grpc.aio import ServicerContext

from proto.frame import MAX_MESSAGE
from proto.v1.agent_pb2 import AgentMessage, DataDown, DataUp, ServerMessage
from proto.v1.agent_pb2_grpc import (
    AgentLinkServicer,
    add_AgentLinkServicer_to_server,
    add_EnrolmentServicer_to_server,
)
from server import keys, nudge
from server.env import Env
from server.ingest.background import Background
from server.ingest.control import ControlStream
from server.ingest.credentials import Credentials
from server.ingest.data import DataStream
from server.ingest.enrolment import Enrolment
from server.ingest.identity import calling
from server.ingest.inbox import Room
from server.ingest.links import Links

log = logging.getLogger(__name__)

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_concurrent_streams", 16),
    # No compressed messages: their size after decompression is bounded by nothing.
    ("grpc.compression_enabled_algorithms_bitset", 1),
    # As in the agent: a host that went dead without a word is noticed within 20 s.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.so_reuseport", 0),
]


class AgentLink(AgentLinkServicer):
    def __init__(self, links: Links, group: nudge.Subscriber, credentials: Credentials) -> None:
        self._links = links
        self._group = group
        self._credentials = credentials
        self._room = Room()

    async def Control(
        self, requests: AsyncIterator[AgentMessage], context: ServicerContext[AgentMessage, ServerMessage]
    ) -> AsyncIterator[ServerMessage]:
        caller = await calling(context, self._credentials.trusted())
        async for message in ControlStream(caller, self._links, self._group).serve(requests, context):
            yield message

    async def Data(
        self, requests: AsyncIterator[DataUp], context: ServicerContext[DataUp, DataDown]
    ) -> AsyncIterator[DataDown]:
        caller = await calling(context, self._credentials.trusted())
        link = self._links.get(caller.host.id)
        if link is None:
            await context.abort(StatusCode.UNAVAILABLE, "open the control stream first")
        async for message in DataStream(link, self._room).serve(requests):
            yield message


@asynccontextmanager
async def ingesting() -> AsyncIterator[None]:
    """Listens inside the block; at its end hosts are let go. Raises OSError when the address is taken."""
    env: Env = settings.ENV
    keys.ensure_ingest(env.keys, env.grpc_names)
    credentials = Credentials(env.keys)
    links, group = Links(), nudge.Subscriber()
    await group.open()
    server = _server(AgentLink(links, group, credentials), credentials, env)
    await server.start()
    log.info("hosts connect to %s (listening on %s)", env.grpc, env.grpc_listen)
    try:
        async with Background(links, group).running():
            yield
    finally:
        for link in links.all():
            link.close()
        await server.stop(grace=2)


def _server(servicer: AgentLink, credentials: Credentials, env: Env) -> grpc.aio.Server:
    server = grpc.aio.server(options=_OPTIONS)
    add_AgentLinkServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]
    add_EnrolmentServicer_to_server(Enrolment(), server)  # type: ignore[no-untyped-call]
    try:
        server.add_secure_port(str(env.grpc_listen), credentials.grpc())
    except RuntimeError as error:
        raise OSError(f"FLEETSCOPE_GRPC: cannot listen on {env.grpc_listen}; choose another port") from error
    return server
