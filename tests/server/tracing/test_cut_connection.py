"""Rows over a real connection, exported or read, to a reader who loses the right to them half way."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from proto.v1.agent_pb2 import Heartbeat
from tests.server.ingest import scripted
from tests.server.ingest.scripted import RunFrames, attached
from tests.server.processes import Server

ROWS, BATCHES = 16_384, 48
PASSWORD = "quite a long secret"
FIRST_BYTES = 64 * 1024
PAUSE = 0.02  # seconds


async def stored(server: Server, token: str) -> str:
    """A session with so many rows that their text fits into no buffer on the way."""
    made = await asyncio.to_thread(server.post, "/api/hosts/token", token, {})
    ca = scripted.pem_certificate(
        x509.load_pem_x509_certificate((server.folder / "server/keys/public/ca.crt").read_bytes())
    )
    address = f"localhost:{server.grpc}"
    async with scripted.agent(address, await scripted.join(address, ca, made["token"])) as host:
        await host.hello()
        session = await asyncio.to_thread(server.post, "/api/sessions", token, {"tool": "opensnoop"})
        run = await attached(host)
        frames = RunFrames(run)
        batches = [frames.rows_of(ROWS) for _ in range(BATCHES)]
        host.say(heartbeat=Heartbeat())
        host.send(*batches)
        await host.ack(run, frames.seq)
    return str(session["id"])


def signed_in(server: Server, name: str) -> httpx.Client:
    client = httpx.Client(base_url=f"http://localhost:{server.http}", timeout=60)
    answer = client.post("/api/auth/login", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client


def audit(server: Server, token: str, action: str) -> list[dict[str, Any]]:
    return [one for one in server.get("/api/audit", token)["items"] if one["action"] == action]


@pytest.mark.parametrize(
    ("address", "loses"),
    [("export", True), ("export", False), ("rows", True), ("rows", False)],
    ids=["loses an export", "keeps an export", "loses rows", "keeps rows"],
)
def test_the_connection_breaks_off_and_the_record_says_how_much_went_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, loses: bool
) -> None:
    monkeypatch.setattr(scripted, "SECONDS", 60)
    server, seen = Server(tmp_path), 0
    with server.running():
        server.wait_healthy()
        assert server.command("onetime").returncode == 0
        token = server.command("token", "admin").stdout.strip()
        server.command("user", "add", "ann", "--role", "tracer", text=f"{PASSWORD}\n")
        session = asyncio.run(stored(server, token))
        with (
            closing(signed_in(server, "ann")) as client,
            client.stream("GET", f"/api/sessions/{session}/{address}?format=ndjson") as answer,
        ):
            assert answer.status_code == 200
            pieces = answer.iter_raw(FIRST_BYTES)
            seen += len(next(pieces))
            if loses:
                headers = {"Authorization": f"Bearer {token}"}
                gone = httpx.delete(
                    f"http://localhost:{server.http}/api/users/ann/sign-ins", headers=headers, timeout=60
                )
                assert gone.is_success, gone.text
                with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                    for piece in pieces:  # slowly enough for the server to notice long before the end
                        seen += len(piece)
                        time.sleep(PAUSE)
            else:
                seen += sum(map(len, pieces))
        entries = audit(server, token, "session.export")
    outcomes = [entry["outcome"] for entry in entries]
    assert outcomes == [("cut off" if loses else "sent"), "done"], json.dumps(entries)
    if loses:
        assert entries[0]["detail"]["sent_bytes"] >= FIRST_BYTES
    else:
        assert entries[0]["detail"]["sent_bytes"] == seen
