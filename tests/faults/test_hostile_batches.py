"""Batches replayed, reordered, truncated and bit-flipped, on the wire and on the host's disk: each is stored once, or
declared.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent import identity
from proto import frame
from proto.v1.agent_pb2 import ActiveRun
from tests.e2e.stack import Stack, eventually
from tests.faults.counted import PATIENCE, Counted, counted, process
from tests.faults.points import look
from tests.faults.proof import prove
from tests.server.ingest.scripted import Identity, agent

pytestmark = pytest.mark.kernel

STEP = 199
BATCHES = 5


@contextmanager
def unsent(traced: Counted) -> Iterator[list[bytes]]:
    """Frames that are on the host's disk and were never sent: the link stands still inside the block."""
    link = process(traced.stack, "agent.link")
    os.kill(link, signal.SIGSTOP)
    try:
        for _ in range(BATCHES):
            traced.emit(STEP)
            eventually(lambda: look(traced).spooled == traced.opened, PATIENCE, "the batch on the host's disk")
        yield frames(spool_file(traced))
    finally:
        os.kill(link, signal.SIGCONT)


def spool_file(traced: Counted) -> Path:
    (path,) = traced.spool.glob("*.frames")
    return path


def frames(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return [found.raw for _, found in frame.scan(file)]


def flipped(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 0x10]) + raw[place + 1 :]


async def hostile(stack: Stack, run: bytes, sent: list[bytes], again: list[bytes]) -> list[tuple[str, int]]:
    """What the server answers to a host with the real certificate that sends these, and then those that it asks for
    again until the last one is acknowledged."""
    own = identity.load(stack.data / "agent/identity")
    known = Identity(own.host_id, own.host_name, own.key_pem, own.certificate_pem, own.ca_pem, own.command_key)
    last = frame.decode(sent[-1]).head.seq
    async with agent(own.address, known) as host:
        await host.hello(runs=[ActiveRun(run_id=run, spooled_seq=last)])
        host.open_data()
        host.send(*sent)
        async with asyncio.timeout(PATIENCE):
            while not any(answer.ack.seq == last for answer in host.answers):
                await asyncio.sleep(0.5)
                host.send(*again)
        return [("ack", a.ack.seq) if a.HasField("ack") else ("reject", a.reject.expected_seq) for a in host.answers]


async def test_what_a_hostile_link_sends_is_stored_once_or_refused(stack: Stack) -> None:
    with counted(stack, "hostile") as traced:
        traced.emit(STEP)
        traced.wait_rows(STEP)
        with unsent(traced) as raws:
            old, new = raws[:-BATCHES], raws[-BATCHES:]
            damaged = [new[0][:-1], flipped(new[0], len(new[0]) // 2), flipped(new[0], 5), flipped(new[0], 20)]
            swapped = [new[1], new[0], new[3], new[2], new[4]]
            sent = [*damaged, *old, *swapped, *new, *new, *new]
            answers = await hostile(stack, bytes.fromhex(traced.run.replace("-", "")), sent, new)
        assert ("reject", len(old) + 1) in answers, answers
        traced.emit(STEP)
        traced.wait_rows(traced.opened)
        traced.finish()
        assert prove(traced).seen == (BATCHES + 2) * STEP


@pytest.mark.parametrize("place", [2, 6, 30, -1], ids=["magic", "length", "head", "body"])
def test_a_batch_that_the_hosts_disk_damaged_is_declared_and_the_others_arrive(stack: Stack, place: int) -> None:
    with counted(stack, "damaged") as traced:
        traced.emit(STEP)
        traced.wait_rows(STEP)
        with unsent(traced) as raws:
            bad = len(raws) - 3
            offset = sum(len(raw) for raw in raws[:bad]) + place % len(raws[bad])
            path = spool_file(traced)
            with path.open("r+b") as file:
                file.write(flipped(path.read_bytes(), offset))
        traced.emit(STEP)
        traced.finish()
        found = prove(traced, books="lossy")
    assert found.lost == {"damaged": STEP}
    assert found.stored == (BATCHES + 1) * STEP
    assert "check that disk" in found.message
