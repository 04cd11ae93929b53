"""The road of a session: joined host, start, envelope, frames, rows, end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from proto.v1 import agent_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_DURATION, END_CAUSE_STOPPED, END_CAUSE_SWITCHED_OFF
from tests.server.ingest.conftest import Api, Join
from tests.server.ingest.scripted import OPENS, RunFrames, agent, attached, run_of, until, works
from tests.server.tracing.rows import BOOT, WALL

MakeApi = Callable[[str], Awaitable[Api]]


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
        host.update(run, pb.RunUpdate.STATE_ATTACHED, schema=OPENS, boot_ns=BOOT, wall_ns=WALL)
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
        assert ended["runs"][0]["end"] == {"cause": "duration", "by": "its limits", "message": "its time is over"}
        assert ended["runs"][0]["ledger"] == {"seen": 107, "stored": 107, "lost": {}, "redacted": {}}
        assert ended["runs"][0]["schema"]["streams"][0]["name"] == "opens"


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


async def test_a_newer_connection_of_the_host_takes_over(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as older, agent(address, identity) as newer:
        await older.hello()
        await newer.hello()
        await asyncio.wait_for(older.ended.wait(), 5)
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        assert (await newer.start()).session_id == uuid.UUID(made["id"]).bytes
        assert (await person.get("hosts/web-1"))["state"] == "online"


async def test_a_run_lives_through_a_reconnect(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = await attached(host)
        frames = RunFrames(run)
        first = frames.rows_of(10)
        host.send(first)
        await host.ack(run, 1)
    offline = await until(lambda: person.get("hosts/web-1"), lambda h: h["state"] == "offline")
    assert offline["since"] is None
    async with agent(address, identity) as again:
        welcome = await again.hello(runs=[pb.ActiveRun(run_id=run, spooled_seq=3)])
        assert list(welcome.live_runs) == [run]
        again.open_data()
        again.send(first, frames.rows_of(5), frames.end(END_CAUSE_DURATION))
        await again.ack(run, 3)
        ended = await person.get(f"sessions/{made['id']}")
        assert (ended["rows"], ended["books"]) == (15, "complete")
    async with agent(address, identity) as third:
        welcome = await third.hello(runs=[pb.ActiveRun(run_id=run, ended=True, spooled_seq=3)])
        assert (list(welcome.live_runs), list(welcome.forgotten_runs)) == ([], [run])


async def test_a_revoked_host_is_cut_off_and_its_run_lost(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("admin")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        await attached(host)
        await until(lambda: person.get(f"sessions/{made['id']}"), lambda s: s["state"] == "running")
        await person.post("hosts/web-1/revoke", {"reason": "stolen"})
        await asyncio.wait_for(host.ended.wait(), 5)
        ended = await until(lambda: person.get(f"sessions/{made['id']}"), lambda s: s["state"] == "ended")
        assert ended["runs"][0]["end"]["message"].startswith("the host was revoked by ")


async def test_a_switch_stops_the_hosts_runs(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("admin")
    async with agent(address, identity) as host:
        await host.hello()
        await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = await attached(host)
        await person.post("hosts/web-1/switch", {"off": True, "reason": "incident"})
        stop = (await host.wait(lambda m: m.HasField("stop"))).stop
        assert (stop.run_id, stop.cause) == (run, END_CAUSE_SWITCHED_OFF)
        refused = await person.post("sessions", {"tool": "opensnoop"}, 409)
        assert "web-1 is switched off: incident" in refused["error"]["message"]


async def test_verdicts_that_come_later_count(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        (verdict,) = (
            found for found in works(pb.Verdict.STATE_REFUSED, "no tracepoints here") if found.tool == "syscount"
        )
        host.say(verdict=verdict)
        tool = verdict.tool
        await until(lambda: person.get("hosts/web-1"), lambda found: found["verdicts"][tool]["state"] == "refused")
        refused = await person.post("sessions", {"tool": tool}, 409)
        assert refused["error"]["message"] == f"web-1 cannot run {tool}: no tracepoints here"


async def test_an_update_of_an_unknown_run_is_answered_with_a_stop(address: str, join: Join) -> None:
    async with agent(address, await join()) as host:
        await host.hello()
        host.update(b"\x01" * 16, pb.RunUpdate.STATE_ATTACHED)
        stop = (await host.wait(lambda m: m.HasField("stop"))).stop
        assert (stop.run_id, stop.message) == (b"\x01" * 16, "the server does not know this run")


@pytest.mark.parametrize(("off", "status"), [(True, 409), (False, 201)])
async def test_a_host_says_when_it_switches_itself_off_or_on(
    address: str, join: Join, api: MakeApi, off: bool, status: int
) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello(remote_off=not off)
        host.say(hello=pb.Hello(agent_version="changed", remote_off=off))
        await until(lambda: person.get("hosts/web-1"), lambda found: found["agent_version"] == "changed")
        answer = await person.post("sessions", {"tool": "opensnoop"}, status)
        assert ("itself allows no tracing" in str(answer)) == off


async def test_a_question_goes_to_the_host_and_its_answer_to_the_person(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        body = {"kind": "process", "text": "ngi", "limit": 5}
        asking = asyncio.create_task(person.post("hosts/web-1/names", body))
        order = (await host.wait(lambda m: m.HasField("ask"))).ask
        Ed25519PublicKey.from_public_bytes(identity.command_key).verify(
            order.signature, b"fleetscope-ask-v1\0" + order.payload
        )
        ask = pb.Ask.FromString(order.payload)
        assert (ask.host_id, ask.user, ask.text, ask.limit) == (identity.host_id, "tracer", "ngi", 5)
        host.say(names=pb.Names(ask_id=ask.ask_id, names=[pb.Name(value="7", label="nginx")], total=1))
        answer = await asking
        assert [(name["value"], name["label"]) for name in answer["names"]] == [("7", "nginx")]
        assert sum(message.HasField("ask") for message in host.heard) == 1
