from __future__ import annotations

import dataclasses
import socket
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from pytest_django import Settings

from server import authority, keys, pki
from server.env import Address
from server.ingest.credentials import Credentials
from server.ingest.serve import ingesting
from tests.server.ingest import scripted
from tests.server.processes import Server
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


def test_only_a_change_is_told_to_grpc(tmp_path: Path) -> None:
    keys.ensure_ingest(tmp_path, ["localhost"])
    credentials = Credentials(tmp_path)
    assert credentials._fetch() is None
    authority.begin(tmp_path)
    assert [credentials._fetch() is None for _ in range(3)] == [False, True, True]
    authority.finish(tmp_path, ["localhost"])
    assert [credentials._fetch() is None for _ in range(3)] == [False, True, True]
    (tmp_path / "ingest/grpc.crt").write_bytes(b"another chain\n")
    assert credentials._fetch() is not None, "a renewed certificate too"


def test_what_cannot_be_read_leaves_everything_as_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys.ensure_ingest(tmp_path, ["localhost"])
    credentials = Credentials(tmp_path)
    trusted, held = credentials.trusted(), (tmp_path / "public/ca.crt").read_bytes()
    (tmp_path / "public/ca.crt").unlink()
    assert credentials._fetch() is None
    assert credentials.trusted() == trusted
    assert "cannot be read again" in caplog.text
    (tmp_path / "public/ca.crt").write_bytes(held)
    assert credentials._fetch() is None, "what is back is what there was"


def test_a_storm_of_handshakes_leaves_the_server_alive(tmp_path: Path) -> None:
    """Of strangers: whoever reaches the port can make one."""
    server = Server(tmp_path)
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE

    def handshake(_number: int) -> bool:
        with socket.create_connection(("localhost", server.grpc), 10) as connection:
            return stranger.wrap_socket(connection, server_hostname="localhost").version() == "TLSv1.3"

    with server.running() as process:
        server.wait_healthy()
        with ThreadPoolExecutor(24) as pool:
            assert all(pool.map(handshake, range(3000)))
        assert process.poll() is None
