from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from proto.v1 import agent_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_DURATION, RunEnd
from server.ingest import data
from server.ingest.data import claimed_run
from server.tracing import lifecycle
from server.tracing.progress import Progress
from tests.server.ingest.conftest import Api, Join, Running
from tests.server.ingest.scripted import OPENS, RunFrames, agent, run_of, until

MakeApi = Callable[[str], Awaitable[Api]]


async def test_repeats_are_stored_once(running: Running) -> None:
    frames = [running.frames.rows_of(10) for _ in range(5)]
    for _ in range(3):
        running.host.send(*frames)
    await running.host.ack(running.run, 5)
    running.host.send(running.frames.end(END_CAUSE_DURATION))
    await running.host.ack(running.run, 6)
    await running.rows(50)
    running.host.send(*frames)
    found = await running.person.get(f"sessions/{running.session}")
    assert (found["rows"], found["books"]) == (50, "complete")


async def test_a_hole_is_asked_for_once_and_filled(running: Running) -> None:
    frames = [running.frames.rows_of(10) for _ in range(6)]
    running.host.send(frames[0], frames[2], frames[3])
    reject = await running.host.reject(running.run)
    assert reject.expected_seq == 2
    running.host.send(frames[4], frames[5])
    running.host.send(*frames[1:])
    await running.host.ack(running.run, 6)
    await running.rows(60)
    assert len([answer for answer in running.host.answers if answer.HasField("reject")]) == 1


async def test_a_damaged_frame_is_asked_for_again(running: Running) -> None:
    good, second = running.frames.rows_of(10), running.frames.rows_of(10)
    running.host.send(good)
    await running.host.ack(running.run, 1)
    running.host.send(second[:-1] + bytes([second[-1] ^ 1]))
    reject = await running.host.reject(running.run)
    assert (reject.expected_seq, "checksum" in reject.reason) == (2, True)
    running.host.send(second)
    await running.host.ack(running.run, 2)


async def test_garbage_does_not_end_the_stream(running: Running) -> None:
    running.host.send(b"", b"garbage", b"FSF1" + b"\xff" * 12, b"FSF1" + b"\0" * 12)
    running.host.send(running.frames.rows_of(10))
    assert (await running.host.ack(running.run, 1)).ack.seq == 1


async def test_rows_that_do_not_fit_end_the_run(running: Running) -> None:
    running.host.send(running.frames.rows_of(10))
    await running.host.ack(running.run, 1)
    wrong = RunFrames(running.run)
    wrong.seq = 1
    running.host.send(wrong.stacks_of(3))
    reject = await running.host.reject(running.run)
    assert reject.expected_seq == 0
    found = await running.person.get(f"sessions/{running.session}")
    assert (found["state"], found["books"], found["rows"]) == ("ended", "unknown", 10)
    assert found["runs"][0]["end"]["message"] == "batch 2 was refused: the run has no stream 1"
    running.host.update(running.run, pb.RunUpdate.STATE_ATTACHED)
    assert (await running.host.wait(lambda m: m.HasField("stop"))).stop.run_id == running.run


async def test_an_end_that_could_not_be_written_down_is_not_acknowledged_before_it_is(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, calls = lifecycle.close, []

    def sometimes(progress: Progress, end: RunEnd) -> None:
        calls.append(end)
        if len(calls) == 1:
            raise OSError("the database is away")
        close(progress, end)

    monkeypatch.setattr(lifecycle, "close", sometimes)
    end = running.frames.end(END_CAUSE_DURATION)
    running.host.send(end)
    await until(_later(lambda: calls), bool)
    assert not running.host.answers
    running.host.frames = asyncio.Queue()  # the broken stream may still take from the old one
    running.host.open_data()
    running.host.send(end)
    await running.host.ack(running.run, 1)
    assert (await running.person.get(f"sessions/{running.session}"))["state"] == "ended"


def _later(look: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def found() -> object:
        return look()

    return found


async def test_another_hosts_run_is_not_wanted(running: Running, address: str, join: Join) -> None:
    async with agent(address, await join("evil")) as evil:
        await evil.hello()
        evil.open_data()
        evil.send(running.frames.rows_of(10))
        assert (await evil.reject(running.run)).expected_seq == 0
        evil.update(running.run, pb.RunUpdate.STATE_ENDED)
        evil.say(refusal=pb.Refusal(run_id=running.run, reason="mine now"))
        await evil.wait(lambda m: m.HasField("welcome"))
    assert (await running.person.get(f"sessions/{running.session}"))["state"] == "running"


async def test_rows_may_overtake_their_schema(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = run_of(await host.start(), identity)
        host.open_data()
        host.send(RunFrames(run).rows_of(10))
        await asyncio.sleep(0.2)
        assert not host.answers
        host.update(run, pb.RunUpdate.STATE_ATTACHED, schema=OPENS, boot_ns=1, wall_ns=1)
        assert (await host.ack(run, 1)).ack.seq == 1


async def test_rows_without_a_schema_end_the_run(
    address: str, join: Join, api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "SCHEMA_SECONDS", 0.1)
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = run_of(await host.start(), identity)
        host.open_data()
        host.send(RunFrames(run).rows_of(10))
        assert (await host.reject(run)).expected_seq == 0


def test_a_damaged_frame_may_say_whose_it_is() -> None:
    frame = RunFrames(b"\x07" * 16).rows_of(3)
    assert claimed_run(frame[:-1]) == b"\x07" * 16
    assert claimed_run(b"short") == b""
    assert claimed_run(b"FSF1" + b"\xff" * 40) == b""
