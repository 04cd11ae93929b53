"""The road of a session: joined host, start, envelope, frames, rows, end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from proto.v1 import agent_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_DURATION, END_CAUSE_STOPPED
from tests.server.ingest.conftest import Api, Join
from tests.server.ingest.scripted import RunFrames, agent, run_of
from tests.server.tracing.rows import BOOT, SCHEMA, WALL

MakeApi = Callable[[str], Awaitable[Api]]


async def until(look: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not wanted(found := await look()):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)
    return found


async def test_a_session_runs_from_start_to_closed_books(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        welcome = await host.hello()
        assert welcome.host_id == identity.host_id
        made = await person.post("sessions", {"tool": "opensnoop", "filters": {"pid": 42}, "reason": "why"}, 201)
        order = (await host.wait(lambda m: m.HasField("start"))).start
        key = Ed25519PublicKey.from_public_bytes(identity.command_key)
        key.verify(order.signature, b"fleetscope-envelope-v1\0" + order.payload)
        envelope = pb.Envelope.FromString(order.payload)
        assert (envelope.tool, envelope.user, envelope.reason, envelope.filters.pid) == (
            "opensnoop",
            "tracer",
            "why",
            42,
        )
        assert envelope.limits.duration_ms == 300_000
        run = run_of(envelope, identity)
        host.update(run, pb.RunUpdate.STATE_ACCEPTED)
        host.update(run, pb.RunUpdate.STATE_ATTACHED, schema=SCHEMA, boot_ns=BOOT, wall_ns=WALL)
        host.open_data()
        frames = RunFrames(run)
        host.send(frames.rows_of(100), frames.rows_of(7))
        await host.ack(run, 2)
        look = lambda: person.get(f"sessions/{made['id']}")  # noqa: E731
        running = await until(look, lambda s: s["rows"] == 107)
        assert (running["state"], running["books"]) == ("running", "in-flight")
        host.update(run, pb.RunUpdate.STATE_ENDED)
        host.send(frames.end(END_CAUSE_DURATION, "its time is over"))
        await host.ack(run, 3)
        ended = await person.get(f"sessions/{made['id'][:8]}")
        assert (ended["state"], ended["books"], ended["rows"]) == ("ended", "complete", 107)
        assert ended["runs"][0]["end"] == {"cause": "duration", "message": "its time is over"}
        assert ended["runs"][0]["ledger"] == {"seen": 107, "stored": 107, "lost": {}}
        assert ended["runs"][0]["schema"]["streams"][0]["name"] == "events"


async def test_a_stop_reaches_the_host(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = run_of(await host.start(), identity)
        host.update(run, pb.RunUpdate.STATE_ACCEPTED)
        await person.post(f"sessions/{made['id']}/stop")
        stop = (await host.wait(lambda m: m.HasField("stop"))).stop
        assert (stop.run_id, stop.cause, stop.message) == (run, END_CAUSE_STOPPED, "stopped by tracer")


async def test_a_refusal_by_the_host_ends_the_session(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        host.say(refusal=pb.Refusal(run_id=run_of(await host.start(), identity), reason="policy: budget over 1%"))
        ended = await until(lambda: person.get(f"sessions/{made['id']}"), lambda s: s["state"] == "ended")
        assert ended["runs"][0]["state"] == "refused"
        assert ended["books_message"] == "nothing was traced: policy: budget over 1%"


async def test_a_start_is_sent_once_and_is_over_when_the_agent_does_not_know_it(
    address: str, join: Join, api: MakeApi
) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        await host.start()
    async with agent(address, identity) as again:
        welcome = await again.hello()
        assert not welcome.live_runs
        ended = await person.get(f"sessions/{made['id']}")
        assert ended["state"] == "ended"
        assert ended["books"] == "unknown"
        assert not [message for message in again.heard if message.HasField("start")]
