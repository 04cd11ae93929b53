"""A host with a real certificate attacks the transport: the server refuses, does not grow, and serves the others."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from proto.v1 import agent_pb2 as pb
from tests.faults.raw_http2 import DATA, GOAWAY, RESET, Hostile
from tests.server.ingest import scripted
from tests.server.ingest.scripted import Agent, Identity, RunFrames, agent, attached
from tests.server.processes import Server
from tests.server.test_serve import admin_token

GROWTH = 64 * 1024 * 1024
PATIENCE = 60
ENDED = (RESET, GOAWAY)  # a refusal comes as a reset stream or as the end of the connection


@dataclass
class Besieged:
    """A server, an honest host that sends rows to it, and the identity of a hostile one."""

    address: str
    pid: int
    honest: Agent
    run: bytes
    frames: RunFrames
    evil: Identity
    sent: int = 0

    async def still_serves(self) -> None:
        self.honest.send(self.frames.rows_of(100))
        self.sent += 1
        async with asyncio.timeout(PATIENCE):
            await self.honest.ack(self.run, self.sent)

    def resident(self) -> int:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * 4096


@pytest.fixture
async def besieged(tmp_path: Path) -> AsyncIterator[Besieged]:
    server = Server(tmp_path)
    with server.running() as process:
        await asyncio.to_thread(server.wait_healthy)
        token = await asyncio.to_thread(admin_token, server)
        address = f"localhost:{server.grpc}"
        ca = x509.load_pem_x509_certificate((tmp_path / "server/keys/public/ca.crt").read_bytes())

        async def join(name: str) -> Identity:
            made = await asyncio.to_thread(server.post, "/api/hosts/token", token, {})
            return await scripted.join(address, scripted.pem_certificate(ca), made["token"], name)

        async with agent(address, await join("honest")) as honest:
            await honest.hello()
            await asyncio.to_thread(server.post, "/api/sessions", token, {"tool": "opensnoop"})
            run = await attached(honest)
            found = Besieged(address, process.pid, honest, run, RunFrames(run), await join("evil"))
            await found.still_serves()
            yield found


def huge_message(evil: Hostile) -> None:
    evil.open(1, "Control")
    evil.message(1, 1 << 30, bytes(8 << 20))
    assert evil.listen(PATIENCE, *ENDED)


def bomb(evil: Hostile) -> None:
    packed = gzip.compress(bytes(256 << 20), 1)
    evil.open(1, "Control", "gzip")
    evil.message(1, len(packed), packed, compressed=True)
    assert evil.listen(PATIENCE, *ENDED)


def many_streams(evil: Hostile) -> None:
    for number in range(10_000):
        evil.open(2 * number + 1, "Control")
    assert evil.listen(PATIENCE, *ENDED)


def stalled(evil: Hostile) -> None:
    evil.open(1, "Control")
    evil.message(1, 1000, b"x" * 10)
    assert evil.listen(PATIENCE, *ENDED)


def good_hello(evil: Hostile) -> None:
    """What the attacks are sent with does reach the server: an honest first message opens the stream."""
    hello = pb.AgentMessage(hello=pb.Hello(agent_version="test")).SerializeToString()
    evil.open(1, "Control")
    evil.message(1, len(hello), hello)
    assert evil.listen(PATIENCE, DATA)
    assert evil.heard[DATA]
    assert not any(evil.heard[kind] for kind in ENDED)


async def test_attacks_on_the_transport_are_refused_and_harm_nobody(besieged: Besieged) -> None:
    before = besieged.resident()
    for attack in (good_hello, huge_message, bomb, many_streams, stalled, good_hello):
        evil = Hostile(besieged.address, besieged.evil)
        attacking = asyncio.create_task(asyncio.to_thread(attack, evil))
        while not attacking.done():
            await besieged.still_serves()
            assert besieged.resident() - before <= GROWTH, attack
        await attacking
        evil.close()
        await besieged.still_serves()
        assert besieged.resident() - before <= GROWTH, attack
