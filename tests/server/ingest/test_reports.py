from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from proto.v1 import agent_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_BUDGET, Cost, Ledger, Loss, RunEnd, RunSchema
from server.ingest import reports
from tests.server.ingest.conftest import Api, Join
from tests.server.ingest.scripted import agent, attached, until

MakeApi = Callable[[str], Awaitable[Api]]


async def test_what_a_run_costs_and_loses_is_shown_while_it_runs(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = await attached(host)
        for percent in (2.5, 1.5):
            host.update(
                run,
                pb.RunUpdate.STATE_ATTACHED,
                ledger=Ledger(seen=9, stored=7, lost=[Loss(cause="LOSS_CAUSE_RING", events=2)]),
                cost=Cost(host_percent=percent, bpf_runs=9),
                note="costs 1.5%\0 of this host",
            )
        found = await until(
            lambda: person.get(f"sessions/{made['id']}"), lambda s: s["runs"][0]["cost"]["peak_percent"]
        )
        shown = await until(
            lambda: person.get(f"sessions/{made['id']}"), lambda s: s["runs"][0]["cost"]["host_percent"] == 1.5
        )
        assert found["runs"][0]["ledger"] == {"seen": 9, "stored": 7, "lost": {"ring": 2}}
        assert shown["runs"][0]["cost"]["peak_percent"] == 2.5
        assert shown["runs"][0]["note"] == "costs 1.5% of this host"
        host.update(run, pb.RunUpdate.STATE_ENDED, end=RunEnd(cause=END_CAUSE_BUDGET, message="3% for 6 s"))
        ending = await until(lambda: person.get(f"sessions/{made['id']}"), lambda s: s["runs"][0]["end"])
        assert (ending["state"], ending["runs"][0]["end"]["cause"]) == ("running", "budget")


async def test_a_schema_is_pinned_once(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = await attached(host)
        host.update(run, pb.RunUpdate.STATE_ATTACHED, schema=RunSchema(tool="another"), note="second")
        found = await until(lambda: person.get(f"sessions/{made['id']}"), lambda s: s["runs"][0]["note"] == "second")
        assert found["runs"][0]["schema"]["tool"] == "opensnoop"


async def test_a_schema_that_is_too_large_cuts_the_host_off(
    address: str, join: Join, api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MAX_SCHEMA", 10)
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        made = await person.post("sessions", {"tool": "opensnoop"}, 201)
        await attached(host)
        await until_ended(host.ended.is_set)
        assert (await person.get(f"sessions/{made['id']}"))["runs"][0]["schema"] is None


async def until_ended(ended: Callable[[], bool]) -> None:
    async def look() -> bool:
        return ended()

    assert await until(look, bool)
