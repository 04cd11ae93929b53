"""What a hostile host sends is refused and on record, once for each kind."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace

import grpc
import pytest
from django.utils import timezone

from proto import joining
from proto.frame import MAX_MESSAGE
from proto.v1 import agent_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_DURATION, RunSchema
from server.audit.models import AuditEntry
from server.audit.record import SAME
from server.fleet.models import Host
from server.ingest import control, refused
from server.ingest.database import in_db
from server.ingest.refused import Kind
from tests.faults.raw_http2 import DATA, GOAWAY, RESET, Hostile
from tests.server.ingest.conftest import Join, Running
from tests.server.ingest.scripted import Identity, agent, stream_of, until

SECONDS = 30
ENDED = (RESET, GOAWAY)


async def entries() -> list[AuditEntry]:
    return await in_db(lambda: list(AuditEntry.objects.filter(action=refused.ACTION).order_by("id")))


async def check_recorded(kind: Kind, actor: str = "web-1") -> AuditEntry:
    """The one entry that there is."""
    entry: AuditEntry
    (entry,) = await until(entries, bool, SECONDS)
    assert (entry.actor, entry.outcome, entry.detail["kind"]) == (actor, "refused", str(kind))
    assert entry.detail["address"] in ("127.0.0.1", "::1")
    return entry


async def refused_stream(address: str, identity: Identity) -> grpc.StatusCode:
    async with agent(address, identity) as host:
        host.say(hello=pb.Hello())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in host.stub.Control(stream_of(host.up)):
                pass
    return caught.value.code()


async def attack(address: str, identity: Identity, *bodies: Callable[[Hostile], None]) -> None:
    """One raw connection for each; the server ends what was opened on it."""

    def connect() -> None:
        for body in bodies:
            evil = Hostile(address, identity)
            body(evil)
            assert evil.listen(SECONDS, *ENDED)
            evil.close()

    await asyncio.to_thread(connect)


def opened(method: str, declared: int, body: bytes, *, compressed: bool = False) -> Callable[[Hostile], None]:
    def send(evil: Hostile) -> None:
        evil.open(1, method, "gzip" if compressed else "identity")
        evil.message(1, declared, body, compressed=compressed)

    return send


async def test_many_damaged_frames_are_one_entry(running: Running) -> None:
    good = running.frames.rows_of(10)
    running.host.send(*[good[:-1] + bytes([good[-1] ^ 1])] * 50, good)
    await running.host.ack(running.run, 1)
    entry = await check_recorded(Kind.FRAME)
    assert entry.hosts == ["web-1"]
    assert "checksum" in entry.reason


async def test_an_unacceptable_batch_is_on_record_with_its_session(running: Running) -> None:
    running.host.send(running.frames.stacks_of(3))
    assert (await running.host.reject(running.run)).expected_seq == 0
    entry = await check_recorded(Kind.BATCH)
    assert str(entry.session) == running.session
    assert "the run has no stream 1" in entry.reason


async def test_a_schema_that_the_tool_cannot_have_is_on_record(running: Running) -> None:
    running.host.send(running.frames.end(END_CAUSE_DURATION))
    await running.host.ack(running.run, 1)
    made = await running.person.post("sessions", {"tool": "opensnoop"}, 201)

    def second(message: pb.ServerMessage) -> bool:
        return message.HasField("start") and run_of(message) != running.run

    def run_of(message: pb.ServerMessage) -> bytes:
        return pb.Envelope.FromString(message.start.payload).runs[0].run_id

    run = run_of(await running.host.wait(second))
    running.host.update(run, pb.RunUpdate.STATE_ATTACHED, schema=RunSchema(tool="another"))
    assert str((await check_recorded(Kind.SCHEMA)).session) == made["id"]


async def test_nothing_follows_a_runs_last_batch_beside_it(running: Running) -> None:
    frames = running.frames
    running.host.send(frames.rows_of(10), frames.end(END_CAUSE_DURATION), frames.rows_of(7))
    assert "the run is over" in (await running.host.reject(running.run)).reason
    running.host.send(frames.rows_of(7))
    entry = await check_recorded(Kind.CLOSED)
    assert str(entry.session) == running.session
    found = await running.person.get(f"sessions/{running.session}")
    assert (found["state"], found["rows"], found["books"]) == ("ended", 10, "complete")


async def test_a_closed_session_takes_no_rows_on_a_new_connection(running: Running, address: str) -> None:
    frames = running.frames
    running.host.send(frames.rows_of(10), frames.end(END_CAUSE_DURATION))
    await running.host.ack(running.run, 2)
    async with agent(address, running.host.identity) as again:
        await again.hello()
        again.open_data()
        again.send(frames.rows_of(7))
        assert "the run is over" in (await again.reject(running.run)).reason
        again.send(frames.rows_of(7))
        again.update(running.run, pb.RunUpdate.STATE_ATTACHED)
        again.say(refusal=pb.Refusal(run_id=running.run, reason="it never ran"))
    assert str((await check_recorded(Kind.CLOSED)).session) == running.session
    found = await running.person.get(f"sessions/{running.session}")
    assert (found["state"], found["rows"], found["books"]) == ("ended", 10, "complete")


async def test_a_run_that_the_server_gave_up_takes_no_rows(running: Running) -> None:
    """Its books are closed as unknown; what comes late does not open them again."""
    running.host.send(running.frames.stacks_of(3))
    await running.host.reject(running.run)
    running.host.answers.clear()
    running.host.send(running.frames.rows_of(7))
    assert "does not want" in (await running.host.reject(running.run)).reason
    found = await until(entries, lambda all_: len(all_) == 2, SECONDS)
    assert [entry.detail["kind"] for entry in found] == [Kind.BATCH, Kind.CLOSED]
    assert (await running.person.get(f"sessions/{running.session}"))["rows"] == 0


@pytest.mark.parametrize("method", ["Data", "Control"])
async def test_a_message_that_cannot_be_read_is_on_record(running: Running, address: str, method: str) -> None:
    garbage = opened(method, 3, b"\xff\xff\xff")
    await attack(address, running.host.identity, garbage, garbage)
    await check_recorded(Kind.MESSAGE if method == "Data" else Kind.HELLO)


async def test_what_grpc_itself_refuses_is_on_record(address: str, join: Join) -> None:
    """Too large, compressed, or another message first: a control stream that had no hello."""
    other = pb.AgentMessage(heartbeat=pb.Heartbeat(spool_bytes=1)).SerializeToString()
    await attack(
        address,
        await join("evil"),
        opened("Control", 1 << 30, bytes(1 << 20)),
        opened("Control", 4, b"\x1f\x8b\x08\0", compressed=True),
        opened("Control", len(other), other),
    )
    await check_recorded(Kind.HELLO, "evil")


async def test_rows_that_grpc_itself_refuses_are_on_record(
    running: Running, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "TOGETHER_SECONDS", 0.2)
    rows = pb.DataUp(frame=running.frames.rows_of(10)).SerializeToString()

    def answered_then_too_much(evil: Hostile) -> None:
        evil.open(1, "Data")
        evil.message(1, len(rows), rows)
        assert evil.listen(SECONDS, DATA)
        evil.message(1, 1 << 30, bytes(1 << 20))

    await attack(address, running.host.identity, answered_then_too_much)
    assert f"more than {MAX_MESSAGE} bytes" in (await check_recorded(Kind.MESSAGE)).reason


async def test_a_connection_that_is_lost_as_a_whole_is_not(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "TOGETHER_SECONDS", 0.5)
    running.host.send(running.frames.rows_of(10))
    await running.host.ack(running.run, 1)
    await running.host.close()
    await until(lambda: in_db(Host.objects.get), lambda host: not host.connection, SECONDS)
    await asyncio.sleep(0.6)
    assert await entries() == []


async def test_a_report_that_cannot_be_read_ends_the_connection(address: str, join: Join) -> None:
    hello = pb.AgentMessage(hello=pb.Hello(agent_version="test")).SerializeToString()

    def garbage(evil: Hostile) -> None:
        evil.open(1, "Control")
        evil.message(1, len(hello), hello)
        evil.message(1, 3, b"\xff\xff\xff")

    await attack(address, await join("evil"), garbage)
    await check_recorded(Kind.MESSAGE, "evil")


async def test_refused_identities_are_on_record(address: str, join: Join) -> None:
    identity = await join()
    key, certificate = joining.client_identity()
    for _ in range(3):
        stranger = replace(identity, key=key, certificate=certificate)
        assert await refused_stream(address, stranger) == grpc.StatusCode.UNAUTHENTICATED
    entry = await check_recorded(Kind.IDENTITY, refused.STRANGER)
    assert "good for joining only" in entry.reason
    await in_db(lambda: Host.objects.update(revoked_at=timezone.now()))
    assert await refused_stream(address, identity) == grpc.StatusCode.UNAUTHENTICATED
    (_, revoked) = await entries()
    assert (revoked.actor, revoked.hosts) == ("web-1", ["web-1"])
    assert "was revoked" in revoked.reason


def test_one_entry_in_ten_minutes_for_each_host_and_kind(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill() -> int:
        for host in ("evil", "worse"):
            for kind in (Kind.FRAME, Kind.BATCH):
                for number in range(3):
                    refused.enter(refused.Sender(host, "10.0.0.1"), kind, f"attempt {number}", uuid.uuid4())
        return AuditEntry.objects.filter(action=refused.ACTION).count()

    assert (fill(), fill()) == (4, 4)
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + SAME)
    assert fill() == 8
