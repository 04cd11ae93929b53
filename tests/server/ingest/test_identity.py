from __future__ import annotations

from dataclasses import replace

import grpc
import pytest
from django.conf import settings
from django.utils import timezone

from proto import joining
from proto.v1 import agent_pb2 as pb
from server import keys, pki
from server.fleet.models import Host
from server.ingest.database import in_db
from tests.server.ingest import scripted
from tests.server.ingest.conftest import Join
from tests.server.ingest.scripted import Identity


async def refusal(address: str, identity: Identity) -> tuple[grpc.StatusCode, str]:
    async with scripted.agent(address, identity) as host:
        host.say(hello=pb.Hello())
        call = host.stub.Control(scripted.stream_of(host.up))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in call:
                pass
    return caught.value.code(), caught.value.details() or ""


async def test_the_joining_certificate_opens_enrolment_alone(address: str, join: Join) -> None:
    key, certificate = joining.client_identity()
    code, text = await refusal(address, replace(await join(), key=key, certificate=certificate))
    assert (code, text) == (
        grpc.StatusCode.UNAUTHENTICATED,
        "this certificate is good for joining only; join the fleet first",
    )


async def test_no_certificate_and_a_self_made_one_do_not_get_through_the_handshake(address: str, join: Join) -> None:
    identity, key = await join(), pki.new_key()
    own = pki.host_certificate(scripted.make_csr(key), identity.host_id, key, pki.self_signed(key))
    forged = replace(identity, key=scripted.pem_of(key), certificate=pki.pem(own))
    assert (await refusal(address, forged))[0] == grpc.StatusCode.UNAVAILABLE
    nothing = replace(identity, key=None, certificate=None)  # type: ignore[arg-type]
    assert (await refusal(address, nothing))[0] == grpc.StatusCode.UNAVAILABLE


async def test_another_certificate_for_the_same_host_is_refused(address: str, join: Join) -> None:
    identity, key, folder = await join(), pki.new_key(), settings.ENV.keys
    second = pki.host_certificate(
        scripted.make_csr(key), identity.host_id, keys.ca_key(folder), keys.ca_certificate(folder)
    )
    stolen = replace(identity, key=scripted.pem_of(key), certificate=pki.pem(second))
    code, text = await refusal(address, stolen)
    assert code == grpc.StatusCode.UNAUTHENTICATED
    assert "does not know this host" in text


async def test_a_revoked_host_is_refused(address: str, join: Join) -> None:
    identity = await join()
    await in_db(lambda: Host.objects.update(revoked_at=timezone.now()))
    code, text = await refusal(address, identity)
    assert (code, text) == (
        grpc.StatusCode.UNAUTHENTICATED,
        "web-1 was revoked; join it again with a new token",
    )
