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
from cryptography import x509
from django.conf import settings
from grpc import StatusCode
from grpc.aio import ServicerContext

from proto import joining
from proto.frame import MAX_FRAME
from proto.v1.agent_pb2 import AgentMessage, DataDown, DataUp, ServerMessage
from proto.v1.agent_pb2_grpc import (
    AgentLinkServicer,
    add_AgentLinkServicer_to_server,
    add_EnrolmentServicer_to_server,
)
from server import keys, nudge, pki
from server.env import Env
from server.ingest.background import Background
from server.ingest.control import ControlStream
from server.ingest.data import DataStream
from server.ingest.enrolment import Enrolment
from server.ingest.identity import calling_host
from server.ingest.inbox import Room
from server.ingest.links import Links

log = logging.getLogger(__name__)

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_FRAME + 1024),
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
    def __init__(self, links: Links, group: nudge.Subscriber, ca: x509.Certificate) -> None:
        self._links = links
        self._group = group
        self._ca = ca
        self._room = Room()

    async def Control(
        self, requests: AsyncIterator[AgentMessage], context: ServicerContext[AgentMessage, ServerMessage]
    ) -> AsyncIterator[ServerMessage]:
        host = await calling_host(context, self._ca)
        async for message in ControlStream(host, self._links, self._group).serve(requests, context):
            yield message

    async def Data(
        self, requests: AsyncIterator[DataUp], context: ServicerContext[DataUp, DataDown]
    ) -> AsyncIterator[DataDown]:
        host = await calling_host(context, self._ca)
        link = self._links.get(host.id)
        if link is None:
            await context.abort(StatusCode.UNAVAILABLE, "open the control stream first")
        async for message in DataStream(link, self._room).serve(requests):
            yield message


@asynccontextmanager
async def ingesting() -> AsyncIterator[None]:
    """Listens inside the block; at its end hosts are let go. Raises OSError when the address is taken."""
    env: Env = settings.ENV
    keys.ensure_ingest(env.keys, _names(env))
    links, group = Links(), nudge.Subscriber()
    await group.open()
    server = _server(AgentLink(links, group, keys.ca_certificate(env.keys)), env)
    await server.start()
    log.info("hosts connect to %s (listening on %s)", env.grpc, env.grpc_listen)
    try:
        async with Background(links, group).running():
            yield
    finally:
        for link in links.all():
            link.close()
        await server.stop(grace=2)


def _server(servicer: AgentLink, env: Env) -> grpc.aio.Server:
    server = grpc.aio.server(options=_OPTIONS)
    add_AgentLinkServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]
    add_EnrolmentServicer_to_server(Enrolment(), server)  # type: ignore[no-untyped-call]
    trusted = pki.pem(keys.ca_certificate(env.keys)) + joining.trust_anchor()
    identity = keys.grpc_identity(env.keys)
    credentials = grpc.ssl_server_credentials([identity], trusted, require_client_auth=True)
    try:
        server.add_secure_port(str(env.grpc_listen), credentials)
    except RuntimeError as error:
        raise OSError(f"FLEETSCOPE_GRPC: cannot listen on {env.grpc_listen}; choose another port") from error
    return server


def _names(env: Env) -> list[str]:
    wildcard = {"0.0.0.0", "::", "*"}  # noqa: S104 (names that no certificate carries)
    return sorted({env.grpc.host, env.grpc_listen.host, "localhost", "127.0.0.1", "::1"} - wildcard)
