"""What a host and a person may write goes through the database and back as the text that it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from proto.v1 import agent_pb2 as pb
from tests.hostile import COUNT, strings
from tests.server.ingest.conftest import Api, Join, Running
from tests.server.ingest.scripted import agent, until

MakeApi = Callable[[str], Awaitable[Api]]
LABELS = 50


async def test_labels_facts_and_verdicts_come_back_as_text(address: str, join: Join, api: MakeApi) -> None:
    person, texts, seen = await api("tracer"), strings(), 0
    async with agent(address, await join()) as host:
        await host.hello()
        for part in [texts[start : start + LABELS] for start in range(0, COUNT, LABELS)]:
            wanted = {f"label-{number}": text for number, text in enumerate(part)}
            facts = pb.HostFacts(kernel_release=part[0], distribution=part[1])
            verdict = pb.Verdict(tool="opensnoop", state=pb.Verdict.STATE_REFUSED, reason="".join(part)[:900])
            host.say(hello=pb.Hello(agent_version=part[2], facts=facts, labels=wanted, verdicts=[verdict]))

            def shows(found: list[dict[str, object]], wanted: dict[str, str] = wanted) -> bool:
                return found[0]["labels"] == wanted

            (found,) = await until(lambda: person.get("hosts"), shows, 30)
            assert (found["facts"]["kernel_release"], found["facts"]["distribution"]) == (part[0], part[1])
            assert found["verdicts"]["opensnoop"]["reason"] == "".join(part)[:900]
            seen += len(wanted)
    assert seen == COUNT


async def test_why_a_host_refuses_comes_back_as_one_line_of_text(running: Running) -> None:
    reason = "".join(strings())[:900]
    running.host.say(refusal=pb.Refusal(run_id=running.run, reason=reason))
    found = await until(
        lambda: running.person.get(f"sessions/{running.session}"), lambda found: found["state"] == "ended", 30
    )
    assert found["runs"][0]["end"]["message"] == " ".join(reason.split())  # one line


async def test_no_filter_of_the_audit_is_more_than_text(address: str, join: Join, api: MakeApi) -> None:
    """One that got out of its quotes would find the entries that are there."""
    await join()
    auditor = await api("auditor")
    assert (await auditor.get("audit?action=host.join"))["items"]
    for number, text in enumerate(strings()):
        field = ("actor", "action", "tool", "host", "outcome")[number % 5]
        assert (await auditor.get(f"audit?{urlencode({field: text})}"))["items"] == [], (field, text)
