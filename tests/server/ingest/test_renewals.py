"""A joined host with the real server: certificates renewed on the control stream, cut off when it may have none."""

from __future__ import annotations

import asyncio
import datetime
from dataclasses import replace

import grpc
import pytest
from cryptography import x509
from django.utils import timezone

from proto.v1 import agent_pb2 as pb
from server import pki
from server.audit.models import AuditEntry
from server.fleet.models import Host
from server.ingest.database import in_db
from tests.server.ingest import scripted
from tests.server.ingest.conftest import Join
from tests.server.ingest.scripted import agent, make_csr, pem_of
from tests.server.ingest.test_identity import refusal


async def update_hosts(**fields: object) -> None:
    await in_db(Host.objects.update, **fields)


async def renewed(host: scripted.Agent) -> scripted.Identity:
    await host.wait(lambda m: m.HasField("renew"))
    key = pki.new_key()
    host.say(certificate_request=pb.CertificateRequest(csr_pem=make_csr(key)))
    answer = await host.wait(lambda m: m.HasField("certificate_pem"))
    return replace(host.identity, key=pem_of(key), certificate=answer.certificate_pem)


async def test_a_host_renews_at_half_life_and_its_old_certificate_ends_with_the_first_use_of_the_new(
    address: str, join: Join
) -> None:
    identity = await join()
    async with agent(address, identity) as host:
        await host.hello()
        await update_hosts(renew_at=timezone.now())
        new = await renewed(host)
    async with agent(address, identity) as host:
        await host.hello()
    async with agent(address, new) as host:
        assert (await host.hello()).host_id == identity.host_id
        assert not any(m.HasField("renew") for m in host.heard)
    code, text = await refusal(address, identity)
    assert code == grpc.StatusCode.UNAUTHENTICATED
    assert "does not know this host" in text


async def test_a_revoked_host_gets_no_certificate_and_its_stream_is_cut(address: str, join: Join) -> None:
    identity = await join()
    async with agent(address, identity) as host:
        await host.hello()
        await update_hosts(revoked_at=timezone.now())
        host.say(certificate_request=pb.CertificateRequest(csr_pem=make_csr(pki.new_key())))
        async with asyncio.timeout(30):
            await host.ended.wait()
        assert not any(m.HasField("certificate_pem") for m in host.heard)
    assert (await refusal(address, identity))[1] == "web-1 was revoked; join it again with a new token"


async def test_a_certificate_that_was_not_ordered_is_refused_on_record(address: str, join: Join) -> None:
    async with agent(address, await join()) as host:
        await host.hello()
        host.say(certificate_request=pb.CertificateRequest(csr_pem=make_csr(pki.new_key())))
        async with asyncio.timeout(30):
            await host.ended.wait()
    entry = await in_db(AuditEntry.objects.get, action="host.renew")
    assert (entry.outcome, entry.detail["refusal"]) == (
        "refused",
        "the certificate of web-1 need not be renewed yet",
    )


async def test_a_stream_whose_certificate_ends_is_cut(
    address: str, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS looks at the dates once, when the connection is made."""
    identity = await join()
    ends = x509.load_pem_x509_certificate(identity.certificate).not_valid_after_utc
    assert ends - datetime.datetime.now(datetime.UTC) <= datetime.timedelta(days=7)
    async with agent(address, identity) as host:
        await host.hello()
        assert not host.ended.is_set()
        monkeypatch.setattr("server.ingest.links.Link.expired", True)
        async with asyncio.timeout(30):
            await host.ended.wait()


async def test_an_ended_certificate_is_refused_by_the_handshake(address: str, join: Join) -> None:
    from django.conf import settings

    from server import authority

    identity, key = await join(), pki.new_key()
    signer = authority.signing(settings.ENV.keys)
    old = pki.host_certificate(
        make_csr(key), identity.host_id, signer.key, signer.certificate, datetime.timedelta(seconds=-5)
    )
    code, _ = await refusal(address, replace(identity, key=pem_of(key), certificate=pki.pem(old)))
    assert code == grpc.StatusCode.UNAVAILABLE
