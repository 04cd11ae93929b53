from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

from proto.v1 import agent_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_BUDGET, Cost, Ledger, Loss, RunEnd, RunSchema
from server.ingest.reports import note
from server.ingest.runs import OpenRun
from server.tracing.progress import Progress
from tests.server.ingest.conftest import Api, Join
from tests.server.ingest.scripted import OPENS, Identity, RunFrames, agent, as_uuid, attached, run_of, until

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
        assert found["runs"][0]["ledger"] == {"seen": 9, "stored": 7, "lost": {"ring": 2}, "redacted": {}}
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


async def test_a_schema_that_the_tool_cannot_have_ends_its_run_alone(address: str, join: Join, api: MakeApi) -> None:
    identity, person, admin = await join(), await api("tracer"), await api("admin")
    async with agent(address, identity) as host:
        await host.hello()
        good = await person.post("sessions", {"tool": "opensnoop"}, 201)
        kept = await attached(host)
        bad = await person.post("sessions", {"tool": "opensnoop"}, 201)
        envelope = await host.wait(lambda m: m.HasField("start") and started(m, identity) != kept)
        run = started(envelope, identity)
        host.send(RunFrames(run).rows_of(10))  # they overtake the schema
        wrong = RunSchema.FromString(OPENS.SerializeToString())
        wrong.streams[0].columns[1].help = "Click here"
        host.update(run, pb.RunUpdate.STATE_ATTACHED, schema=wrong)

        assert (await host.reject(run)).expected_seq == 0
        stop = (await host.wait(lambda m: m.stop.run_id == run)).stop
        reason = "stream opens: column pid is missing or not as the tool has it"
        assert reason in stop.message
        ended = await person.get(f"sessions/{bad['id']}")
        assert (ended["state"], ended["rows"], ended["runs"][0]["schema"]) == ("ended", 0, None)
        assert ended["runs"][0]["end"]["cause"] == "failed"
        assert reason in ended["runs"][0]["end"]["message"]
        (entry,) = (await admin.get("audit?action=session.fail"))["items"]
        assert (entry["session"], entry["outcome"], entry["detail"]["run"]) == (
            bad["id"],
            "refused",
            str(as_uuid(run)),
        )
        assert reason in entry["detail"]["refusal"]

        host.send(RunFrames(kept).rows_of(7))
        await host.ack(kept, 1)
        assert (await person.get(f"sessions/{good['id']}"))["state"] == "running"


async def test_targets_that_are_too_many_end_their_run_alone(address: str, join: Join, api: MakeApi) -> None:
    identity, person = await join(), await api("tracer")
    async with agent(address, identity) as host:
        await host.hello()
        good = await person.post("sessions", {"tool": "opensnoop"}, 201)
        kept = await attached(host)
        bad = await person.post("sessions", {"tool": "opensnoop"}, 201)
        run = started(await host.wait(lambda m: m.HasField("start") and started(m, identity) != kept), identity)
        many = pb.ResolvedTargets(groups=[pb.ResolvedGroup(path="x" * 600_000)])
        host.update(run, pb.RunUpdate.STATE_ACCEPTED, targets=many)
        stop = (await host.wait(lambda m: m.stop.run_id == run)).stop
        assert "takes 6000" in stop.message and "524288 are allowed; name less at once" in stop.message
        ended = await person.get(f"sessions/{bad['id']}")
        assert (ended["state"], ended["runs"][0]["end"]["cause"]) == ("ended", "failed")
        host.send(RunFrames(kept).rows_of(7))  # over the same connection
        await host.ack(kept, 1)
        assert (await person.get(f"sessions/{good['id']}"))["state"] == "running"


def started(message: pb.ServerMessage, identity: Identity) -> bytes:
    return run_of(pb.Envelope.FromString(message.start.payload), identity)


def test_a_report_that_is_older_than_the_last_frame_leaves_the_closed_books() -> None:
    run = OpenRun(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), Progress(uuid.uuid4(), ledger=b"closed"), end=RunEnd())
    note(run, pb.RunUpdate(ledger=Ledger(seen=1)))
    assert run.progress.ledger == b"closed"
