from __future__ import annotations

import hashlib
import json
from functools import partial

import pytest

from proto import checkpoint, merkle
from proto.v1.agent_pb2 import ServerMessage, SignedEnvelope, Witnessed
from server.audit import checkpoints, commands
from server.audit.models import AuditEntry
from server.audit.record import record
from server.fleet.models import Host
from server.ingest.database import in_db
from tests.server.ingest.conftest import Join
from tests.server.ingest.scripted import Agent, agent, until
from tests.server.ingest.test_control import MakeApi


def has_head(message: ServerMessage) -> bool:
    return message.HasField("audit_head")


def answer(host: Agent, note: str, size: int, trouble: str = "") -> None:
    host.say(witnessed=Witnessed(note=note, size=size, trouble=trouble))


def starts_of(host: Agent) -> list[SignedEnvelope]:
    return [message.start for message in host.heard if message.HasField("start")]


async def count_of(host: Agent) -> int:
    return len(starts_of(host))


def is_proven(start: SignedEnvelope, head: checkpoint.Checkpoint) -> bool:
    """The entry names exactly these bytes."""
    told, entry = start.record, json.loads(start.record.entry)
    assert entry["detail"]["envelope"] == hashlib.sha256(start.payload).hexdigest()
    return merkle.includes(merkle.leaf_hash(told.entry), told.index, head.size, told.proof, head.root)


async def held() -> str:
    rows = await in_db(lambda: list(Host.objects.values_list("name", "audit_note", "audit_trouble")))
    return await in_db(commands.witnesses, rows)


@pytest.mark.timeout(120)
async def test_a_host_gets_every_head_with_a_proof_from_the_last_one(address: str, join: Join) -> None:
    async with agent(address, await join()) as host:
        await host.hello()
        first = (await host.wait(has_head)).audit_head
        old = checkpoint.opened(first.note, first.log_key)
        assert (old.size > 0, first.since, list(first.proof)) == (True, 0, [])
        answer(host, first.note, old.size)
        await until(held, lambda told: f"{old.size}\t{old.time}\tagrees" in told)
        looks = [await in_db(record, "session.view", "ann") for _ in range(5)]
        await in_db(checkpoints.sign_head)
        second = (await host.wait(lambda m: has_head(m) and m.audit_head != first)).audit_head
        new = checkpoint.opened(second.note, second.log_key)
        assert second.since == old.size
        assert new.size >= looks[-1].id >= old.size + 5, "the server writes down what it does itself, too"
        assert merkle.extends(old.size, old.root, new.size, new.root, list(second.proof))


async def test_a_start_follows_the_head_that_proves_it(address: str, join: Join, api: MakeApi) -> None:
    person = await api("tracer")
    async with agent(address, await join()) as host:
        await host.hello()
        for number in range(1, 4):
            await person.post("sessions", {"tool": "opensnoop", "filters": {"pid": 42}}, 201)
            await until(partial(count_of, host), number.__eq__)
    held = None
    for message in host.heard:
        if message.HasField("audit_head"):
            new = checkpoint.opened(message.audit_head.note, message.audit_head.log_key)
            older = held.size if held else 0
            assert message.audit_head.since == older, "each from the one before, answered or not"
            assert held is None or merkle.extends(older, held.root, new.size, new.root, message.audit_head.proof)
            held, note = new, message.audit_head.note
        elif message.HasField("start"):
            assert held is not None and is_proven(message.start, held)
            assert message.start.record.note == note
    assert len(starts_of(host)) == 3


@pytest.mark.timeout(120)
async def test_a_host_that_refuses_a_head_is_on_record_once(address: str, join: Join) -> None:
    async with agent(address, await join()) as host:
        held_elsewhere = Witnessed(note="of another log", size=10**6)
        await host.hello(witnessed=held_elsewhere)
        offered = (await host.wait(has_head)).audit_head
        assert (offered.since, list(offered.proof)) == (10**6, [])
        for _ in range(2):
            answer(host, held_elsewhere.note, held_elsewhere.size, "it was cut")
        told = await until(held, lambda told: "it was cut" in told)
        assert told.startswith("web-1\t?\t\tit was cut")
        entries = AuditEntry.objects.filter(action="host.witness")
        assert await in_db(lambda: [(e.actor, e.outcome, e.detail) for e in entries]) == [
            ("web-1", "refused", {"refusal": "it was cut"})
        ]
