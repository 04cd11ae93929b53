from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from proto.v1 import agent_pb2 as pb
from server.audit.models import AuditEntry
from server.ingest.database import in_db
from tests.server.ingest.conftest import Api, Join
from tests.server.ingest.scripted import RunFrames, agent, attached

MakeApi = Callable[[str], Awaitable[Api]]


async def test_words_about_anothers_run_are_on_record_once_and_end_the_connection(
    address: str, join: Join, api: MakeApi
) -> None:
    person = await api("tracer")
    async with agent(address, await join("web-1")) as honest, agent(address, await join("evil")) as evil:
        await honest.hello()
        made = await person.post("sessions", {"tool": "opensnoop", "hosts": ["web-1"]}, 201)
        run = await attached(honest)
        await evil.hello()
        evil.open_data()
        evil.send(RunFrames(run).rows_of(10))
        assert (await evil.reject(run)).expected_seq == 0
        evil.say(refusal=pb.Refusal(run_id=run, reason="mine now"))
        evil.update(run, pb.RunUpdate.STATE_ENDED)
        async with asyncio.timeout(30):
            await evil.ended.wait()
        assert not honest.ended.is_set()
        found = await person.get(f"sessions/{made['id']}")
        assert (found["state"], found["rows"]) == ("running", 0)
    (entry,) = await in_db(lambda: list(AuditEntry.objects.filter(action="host.trespass")))
    assert (entry.actor, entry.outcome, entry.hosts) == ("evil", "refused", ["evil", "web-1"])
    assert (entry.detail["run"], entry.detail["of"]) == (str(uuid.UUID(bytes=run)), "web-1")


async def test_a_run_that_nobody_knows_is_no_trespass(address: str, join: Join) -> None:
    async with agent(address, await join()) as host:
        await host.hello()
        host.open_data()
        for run in (uuid.uuid4().bytes, uuid.uuid4().bytes, uuid.uuid4().bytes, b"short"):
            host.send(RunFrames(run).rows_of(1))
            assert (await host.reject(run)).expected_seq == 0
        assert not host.ended.is_set()
    assert not await in_db(AuditEntry.objects.filter(action="host.trespass").exists)
