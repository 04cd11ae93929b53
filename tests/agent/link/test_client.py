from __future__ import annotations

import asyncio
import dataclasses
import datetime
import socket
import time
from pathlib import Path

import pytest

from agent.link import client
from agent.link.data import Uploader
from agent.link.process import serve
from proto.v1.agent_pb2 import DataUp
from proto.v1.agent_pb2_grpc import AgentLinkStub
from proto.v1.local_pb2 import Credentials
from tests.agent.link.conftest import Link
from tests.agent.support.pki import Authority, pem
from tests.agent.support.server import FleetServer
from tests.waiting_async import eventually


async def test_the_warden_hears_of_connections_and_why_they_end(link: Link, server: FleetServer) -> None:
    await eventually(lambda: server.connections, 10, "the connection")
    server.stop()
    await eventually(lambda: len(link.states()) >= 2, 10, "the end of it")
    assert link.states()[0] == (True, "")
    connected, why = link.states()[1]
    assert not connected and why
    server.restart()
    await eventually(lambda: link.states()[-1][0], 30, "a new connection")


async def test_a_write_to_a_stream_that_the_server_has_just_ended_is_the_end_of_a_connection(
    server: FleetServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, runs = Uploader.run, 0

    async def too_late(self: Uploader, stub: AgentLinkStub) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            call = stub.Data()
            call.cancel()
            await call.write(DataUp())
        await run(self, stub)

    monkeypatch.setattr(Uploader, "run", too_late)
    link = Link(server.authority.identity(server.address), tmp_path)
    link.spool(1, 5)
    await eventually(lambda: len(link.states()) >= 2, 30, "the end of the connection")
    assert [connected for connected, _ in link.states()[:2]] == [True, False]
    server.restart()
    await eventually(lambda: link.acked() == 5, 30, "the acks on another connection")
    link.client.cancel()
    await asyncio.gather(link.client, return_exceptions=True)


async def test_what_the_client_does_not_expect_ends_the_link(
    server: FleetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warden starts it again; a link that lives and does nothing would be worse than none."""

    async def broken(_: client.Client) -> None:
        raise LookupError("nobody thought of this")

    monkeypatch.setattr(client.Client, "run", broken)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, pytest.raises(LookupError):
        async with asyncio.timeout(10):
            await serve(server.authority.identity(server.address), ours)


async def test_a_server_of_another_fleet_gets_no_hello(server: FleetServer, tmp_path: Path) -> None:
    stranger = Link(Authority().identity(server.address), tmp_path)
    await eventually(lambda: stranger.states(), 10, "a refusal")
    stranger.client.cancel()
    await asyncio.gather(stranger.client, return_exceptions=True)
    connected, why = stranger.states()[0]
    assert not connected and "handshake failed" in why
    assert server.messages == []


async def test_a_server_that_never_answers_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("localhost", 0)) as silent:
        address = f"localhost:{silent.getsockname()[1]}"
        link = Link(Authority().identity(address), tmp_path)
        await eventually(link.states, 10, "giving up")
        link.client.cancel()
        await asyncio.gather(link.client, return_exceptions=True)
    assert link.states()[0] == (False, f"no answer from {address} within 0.5 s")


async def test_nobody_listening_is_said(tmp_path: Path) -> None:
    link = Link(Authority().identity("localhost:1"), tmp_path)
    await eventually(lambda: len(link.states()) >= 2, 5, "two tries")
    link.client.cancel()
    await asyncio.gather(link.client, return_exceptions=True)
    assert all(not connected and "refused" in why for connected, why in link.states())


async def test_tries_are_paused_ever_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    class Failing(client.Client):
        async def _connection(self) -> str:
            return "refused"

    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    link = Link(Authority().identity("localhost:1"), tmp_path)
    link.client.cancel()
    failing = Failing(Authority().identity("localhost:1"), link.control, link.uploader, link.tell)
    monkeypatch.setattr("agent.link.client.asyncio.sleep", record)
    task = asyncio.create_task(failing.run())
    began = time.monotonic()
    while len(pauses) < 200 and time.monotonic() < began + 5:
        await sleep(0)
    task.cancel()
    monkeypatch.undo()
    assert pauses[0] <= client.PAUSE_FIRST
    assert all(pause <= client.PAUSE_MAX for pause in pauses)
    assert max(pauses[50:]) > client.PAUSE_MAX / 2 and len(set(pauses[50:])) > 1, "at the longest, and jittered"


async def test_renewed_credentials_end_the_connection_and_make_the_next(server: FleetServer, link: Link) -> None:
    await eventually(lambda: server.connections, 10, "the connection")
    renewed, more = server.authority.identity(server.address), Authority(name="coming CA").certificate
    authorities = renewed.ca_pem + pem(more)
    link.use(Credentials(key=renewed.key_pem, certificate=renewed.certificate_pem, authorities=authorities))
    await eventually(lambda: server.connections == 2, 30, "the connection with the new certificate")
    assert link.states()[1] == (False, "the certificate of this host was renewed; connecting with the new one")
    assert server.callers[0] != server.callers[1] == renewed.host_id


async def test_an_ended_certificate_is_named(server: FleetServer, tmp_path: Path) -> None:
    ended = dataclasses.replace(server.authority, lifetime=-datetime.timedelta(minutes=1))
    link = Link(ended.identity(server.address), tmp_path)
    await eventually(link.states, 10, "the reason")
    link.client.cancel()
    await asyncio.gather(link.client, return_exceptions=True)
    connected, why = link.states()[0]
    assert not connected
    assert "the certificate of this host ended on" in why
    assert "join it again with a new token" in why
