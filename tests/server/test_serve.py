from __future__ import annotations

import asyncio
import json
import resource
import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import websockets
from cryptography import x509
from websockets.exceptions import InvalidStatus

from proto.v1 import agent_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server import serve
from server.env import Address
from tests.server.ingest import scripted
from tests.server.ingest.scripted import RunFrames, agent, attached
from tests.server.processes import Server
from tests.services import postgres, redis


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def admin_token(server: Server) -> str:
    assert server.command("onetime").returncode == 0
    return server.command("token", "admin").stdout.strip()


def test_one_process_serves_people_and_hosts(server: Server) -> None:
    with server.running():
        server.wait_healthy()
        asyncio.run(check_one_session(server, admin_token(server)))


def test_a_low_soft_limit_of_files_does_not_bound_the_fleet(server: Server) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with server.running(limits=[f"--nofile={min(256, hard)}:{hard}"]) as process:
        server.wait_healthy()
        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (hard, hard)


def test_no_answer_waits_for_the_acknowledgement_of_its_head() -> None:
    for listening in serve._listening(Address("localhost", 0)):
        with listening, socket.create_connection(listening.getsockname()[:2]), closing(listening.accept()[0]) as taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_second_server_on_the_same_ports_says_so(server: Server) -> None:
    with server.running():
        server.wait_healthy()
        done = server.command("run")
        assert done.returncode == 1
        assert f"FLEETSCOPE_GRPC: cannot listen on localhost:{server.grpc}; choose another port" in done.stderr
    with socket.create_server(("127.0.0.1", server.http)):
        done = server.command("web")
        assert f"FLEETSCOPE_HTTP: cannot listen on localhost:{server.http}" in done.stderr


def test_a_socket_needs_the_right_origin(server: Server) -> None:
    async def connect(origin: str | None) -> object:
        address = f"ws://localhost:{server.http}/ws/fleet"
        async with websockets.connect(address, origin=origin) as open_socket:  # type: ignore[arg-type]
            assert "Sec-WebSocket-Extensions" not in open_socket.response.headers  # type: ignore[union-attr]
            await open_socket.wait_closed()
            return open_socket.close_code

    with server.running():
        server.wait_healthy()
        for foreign in ("http://evil.example", "null", f"https://localhost:{server.http}", "http://localhost"):
            with pytest.raises(InvalidStatus, match="403"):
                asyncio.run(connect(foreign))
        assert asyncio.run(connect(f"http://localhost:{server.http}")) == 4403


@pytest.mark.parametrize(("proxies", "seen"), [("", {"127.0.0.1", "::1"}), ("127.0.0.1 ::1", {"192.0.2.7"})])
def test_only_a_named_proxy_says_where_somebody_is(tmp_path: Path, proxies: str, seen: set[str]) -> None:
    """Also not one on this machine: any program here could say so."""
    server = Server(tmp_path, {"FLEETSCOPE_PROXIES": proxies, "FORWARDED_ALLOW_IPS": "*"})
    body = {"username": "nobody", "password": "wrong"}
    with server.running():
        server.wait_healthy()
        address = f"http://localhost:{server.http}/api/auth/login"
        answer = httpx.post(address, json=body, headers={"X-Forwarded-For": "192.0.2.7"}, timeout=30)
        assert answer.status_code == 401
        entries = server.get("/api/audit?action=account.login", admin_token(server))["items"]
    assert {entry["detail"]["address"] for entry in entries} <= seen
    assert len(entries) == 1


@pytest.mark.team
def test_web_and_ingest_apart_know_only_their_own_secrets(server: Server, tmp_path: Path) -> None:
    """Each role has its own keys; only the public folder is shared, as by a volume."""
    with postgres() as database, redis() as channels:
        segments = str(tmp_path / "segments")
        shared = {"DATABASE_URL": database, "CHANNEL_URL": channels, "FLEETSCOPE_SEGMENTS": segments}
        web = Server(tmp_path / "web", shared, server.http, server.grpc)
        ingest = Server(tmp_path / "ingest", shared, server.http, server.grpc)
        (tmp_path / "public").mkdir()
        for role in (web, ingest):
            (role.folder / "server/keys").mkdir(parents=True)
            (role.folder / "server/keys/public").symlink_to(tmp_path / "public")
        assert web.command("migrate").returncode == 0
        with ingest.running("ingest"), web.running("web"):
            web.wait_healthy()
            asyncio.run(check_one_session(web, admin_token(web)))
        assert not (web.folder / "server/keys/ingest").exists()
        assert not (ingest.folder / "server/keys/web").exists()


async def check_one_session(server: Server, token: str) -> None:
    """Join, start, store, end, and see the rows."""
    made = await asyncio.to_thread(server.post, "/api/hosts/token", token, {})
    ca = x509.load_pem_x509_certificate((server.folder / "server/keys/public/ca.crt").read_bytes())
    address = f"localhost:{server.grpc}"
    identity = await scripted.join(address, scripted.pem_certificate(ca), made["token"])
    async with agent(address, identity) as host:
        await host.hello()
        session = await asyncio.to_thread(server.post, "/api/sessions", token, {"tool": "opensnoop"})
        run = await attached(host)
        frames = RunFrames(run)
        host.send(frames.rows_of(1000))
        await host.ack(run, 1)
        host.update(run, pb.RunUpdate.STATE_ENDED)
        host.send(frames.end(END_CAUSE_DURATION))
        await host.ack(run, 2)
        found = await asyncio.to_thread(server.get, f"/api/sessions/{session['id']}", token)
        assert (found["rows"], found["books"], found["state"]) == (1000, "complete", "ended"), json.dumps(found)
