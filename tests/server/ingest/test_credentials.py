from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from pytest_django import Settings

from server import authority, keys, pki
from server.env import Address
from server.ingest.credentials import Credentials
from server.ingest.serve import ingesting
from tests.server.ingest import scripted
from tests.services import free_port


@pytest.fixture
async def folder(committed: None, settings: Settings, tmp_path: Path) -> AsyncIterator[Path]:
    """The keys of an ingest that runs, which the test may change."""
    place = Address("localhost", free_port())
    settings.ENV = dataclasses.replace(settings.ENV, grpc=place, grpc_listen=place, data=tmp_path)
    keys.ensure_web(settings.ENV.keys)
    async with ingesting():
        yield settings.ENV.keys


async def joins(folder: Path, settings: Settings, ca: bytes) -> grpc.StatusCode:
    """Not OK in any case; PERMISSION_DENIED when the handshake was one."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await scripted.join(str(settings.ENV.grpc), ca, "no token")
    return caught.value.code()


async def test_a_change_of_the_authority_counts_from_the_next_connection_on(folder: Path, settings: Settings) -> None:
    old = pki.pem(keys.ca_certificate(folder))
    assert await joins(folder, settings, old) == grpc.StatusCode.PERMISSION_DENIED
    authority.begin(folder)
    new = pki.pem(authority.signing(folder).certificate)
    assert await joins(folder, settings, old) == grpc.StatusCode.PERMISSION_DENIED
    assert await joins(folder, settings, new) == grpc.StatusCode.UNAVAILABLE
    authority.finish(folder, settings.ENV.grpc_names)
    assert await joins(folder, settings, new) == grpc.StatusCode.PERMISSION_DENIED
    assert await joins(folder, settings, old) == grpc.StatusCode.UNAVAILABLE


def test_what_cannot_be_read_leaves_everything_as_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys.ensure_ingest(tmp_path, ["localhost"])
    credentials = Credentials(tmp_path)
    before, trusted = credentials._fetch(), credentials.trusted()
    (tmp_path / "public/ca.crt").unlink()
    assert credentials._fetch() is before
    assert credentials.trusted() == trusted
    assert "cannot be read again" in caplog.text
