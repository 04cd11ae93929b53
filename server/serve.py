"""The long-running processes: web (uvicorn) and ingest (gRPC), apart or in one event loop."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import uvicorn
from django.conf import settings

from server import keys
from server.catalog.tools import catalogue
from server.env import Address

log = logging.getLogger(__name__)


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to us: web and ingest end together."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(*, web: bool, ingest: bool) -> None:
    """Runs until SIGTERM or SIGINT. Raises OSError when an address is taken."""
    _allow_many_files()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if web:
        keys.ensure_web(settings.ENV.keys)
        catalogue()
    async with AsyncExitStack() as stack:
        if ingest:
            from server.ingest.serve import ingesting  # gRPC is not loaded where only web runs

            await stack.enter_async_context(ingesting())
        if web:
            from server.templates.schedule import scheduling  # they need the app registry
            from server.webhooks.sending import sending

            await stack.enter_async_context(sending())
            await stack.enter_async_context(scheduling())
            await _serve_web(stop)
        else:
            await stop.wait()


def _allow_many_files() -> None:
    """A host takes three descriptors, a viewer one: the usual soft limit of 1,024 is full with 340 hosts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve_web(stop: asyncio.Event) -> None:
    server = _Uvicorn(_config())
    serving = asyncio.create_task(server.serve(_listening(settings.ENV.http_listen)))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await serving


def _listening(address: Address) -> list[socket.socket]:
    """One socket for each family that the name has here."""
    host = None if address.host in ("", "*") else address.host
    found = socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets = []
    for family, place in sorted({(entry[0], entry[4]) for entry in found}):
        try:
            sockets.append(_prompt(socket.create_server(place, family=family, backlog=2048)))
        except OSError as error:
            if not sockets or error.errno == errno.EADDRINUSE:
                raise OSError(
                    f"FLEETSCOPE_HTTP: cannot listen on {address}: {error.strerror}; choose another port"
                ) from error
    return sockets


def _prompt(listening: socket.socket) -> socket.socket:
    """What it accepts sends at once. asyncio sees to that for sockets that it made alone; else the body of an answer
    waits for the reader's delayed ACK of the head, 40 ms on Linux.
    """
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited on Linux: tcp(7)
    return listening


def _config() -> uvicorn.Config:
    return uvicorn.Config(
        "server.asgi:application",
        lifespan="off",
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # its memory for each socket would cost more than it saves
        ws_max_size=1024 * 1024,
        timeout_graceful_shutdown=3,
        log_config=None,
        access_log=False,
        # Whoever is believed writes the addresses that guessing is counted by and that stand in the audit.
        proxy_headers=bool(settings.ENV.proxies),
        forwarded_allow_ips=settings.ENV.proxies,
        server_header=False,
    )
