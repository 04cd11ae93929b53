from __future__ import annotations

import asyncio
import dataclasses
import ssl

import grpc
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from proto.frame import MAX_FRAME
from proto.v1 import agent_pb2 as pb
from server.env import Address
from server.ingest.serve import ingesting
from tests.server.ingest import scripted
from tests.server.ingest.conftest import Join


@pytest.mark.parametrize(("maximum", "agreed"), [(ssl.TLSVersion.TLSv1_2, None), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")])
async def test_only_tls_1_3_is_spoken(address: str, maximum: ssl.TLSVersion, agreed: str | None) -> None:
    host, port = django_settings.ENV.grpc_listen
    assert await asyncio.to_thread(scripted.tls_version, host, port, maximum) == agreed


async def test_a_message_that_is_too_large_ends_the_call_and_not_the_server(address: str, join: Join) -> None:
    identity = await join()
    async with scripted.agent(address, identity) as host:
        await host.hello()
        call = host.stub.Data(scripted.stream_of(host.frames))
        host.send(b"x" * (MAX_FRAME + 5000))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in call:
                pass
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    async with scripted.agent(address, identity) as again:
        assert (await again.hello()).host_id == identity.host_id


async def test_data_needs_a_control_stream(address: str, join: Join) -> None:
    async with scripted.agent(address, await join()) as host:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in host.stub.Data(scripted.stream_of(host.frames)):
                pass
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert caught.value.details() == "open the control stream first"


async def test_a_control_stream_begins_with_hello(address: str, join: Join) -> None:
    async with scripted.agent(address, await join()) as host:
        host.say(heartbeat=pb.Heartbeat())
        with pytest.raises(grpc.aio.AioRpcError, match="must be hello"):
            async for _ in host.stub.Control(scripted.stream_of(host.up)):
                pass


@pytest.mark.usefixtures("committed")
async def test_a_taken_address_is_named(settings: Settings) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    taken = Address("127.0.0.1", server.sockets[0].getsockname()[1])
    settings.ENV = dataclasses.replace(settings.ENV, grpc_listen=taken)
    with pytest.raises(OSError, match=f"FLEETSCOPE_GRPC: cannot listen on {taken}"):
        async with ingesting():
            pass
    server.close()
