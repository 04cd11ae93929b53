from __future__ import annotations

import asyncio

import grpc
import pytest
from django.conf import settings

from server import keys
from server.fleet.joining import new_token
from server.fleet.models import Host
from server.ingest.database import in_db
from server.ingest.enrolment import RateLimit
from server.ingest.identity import address_of
from tests.server.ingest import scripted
from tests.server.ingest.conftest import Join


def ca() -> bytes:
    return scripted.pem_certificate(keys.ca_certificate(settings.ENV.keys))


async def test_a_host_joins_once_for_a_token(address: str) -> None:
    token = (await in_db(new_token, "admin")).token
    joins = [scripted.join(address, ca(), token, f"web-{number}") for number in range(4)]
    done = await asyncio.gather(*joins, return_exceptions=True)
    errors = [error for error in done if isinstance(error, grpc.aio.AioRpcError)]
    assert len(errors) == 3
    for error in errors:
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED
        assert error.details() == (
            "the join token does not exist or has already been used; ask for a new one with `fleetscope hosts token`"
        )
    assert await in_db(Host.objects.count) == 1


async def test_a_server_of_another_ca_is_not_trusted(address: str) -> None:
    from server import pki

    stranger = pki.pem(pki.self_signed(pki.new_key()))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await scripted.join(address, stranger, "fsj1.x.y")
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_guessing_is_slowed_down(address: str) -> None:
    codes = []
    for _ in range(12):
        try:
            await scripted.join(address, ca(), "fsj1.guess.0")
        except grpc.aio.AioRpcError as error:
            codes.append(error.code())
    assert codes[0] == grpc.StatusCode.PERMISSION_DENIED
    assert codes[-1] == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_the_certificate_opens_the_link(address: str, join: Join) -> None:
    identity = await join("web-1")
    async with scripted.agent(address, identity) as host:
        assert (await host.hello()).host_id == identity.host_id


def test_a_bucket_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("server.ingest.enrolment.time.monotonic", lambda: now[0])
    rate = RateLimit(burst=2, per_second=1)
    assert [rate.allows("a") for _ in range(3)] == [True, True, False]
    assert rate.allows("b")
    now[0] += 1
    assert [rate.allows("a") for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:10.0.0.1:4711", "10.0.0.1"),
        ("ipv6:[::1]:80", "::1"),
        ("ipv6:%5B::1%5D:80", "::1"),
        ("unix:", "unix:"),
    ],
)
def test_a_peer_has_an_address(peer: str, address: str) -> None:
    assert address_of(peer) == address
