from __future__ import annotations

from typing import Any

import pytest

from proto.v1.stream_pb2 import EndCause
from server.audit.models import AuditEntry
from server.fleet.switch import revoke, switch_fleet, switch_host
from server.tracing import dispatch, lifecycle
from server.tracing.ended_by import HOST, POLICY, SERVER, ended_by
from server.tracing.models import Run
from tests.server.conftest import MakeUser
from tests.server.tracing.sessions import Traced, traced

STOPPED, DURATION = EndCause.END_CAUSE_STOPPED, EndCause.END_CAUSE_DURATION
CAUSES = [name.removeprefix("END_CAUSE_").lower() for name in EndCause.keys()[1:]]


@pytest.fixture
def made(user: MakeUser) -> Traced:
    return traced(user("tracer", "ann"))


def told() -> tuple[str, str]:
    """(who ended the one run, who did as the audit has it)."""
    entry = AuditEntry.objects.get(action="session.end")
    (facts,) = entry.detail["runs"]
    return ended_by(Run.objects.get()), facts["by"]


def test_a_person_is_named(made: Traced) -> None:
    lifecycle.stop(made.session.pk, made.runs, STOPPED, "stopped by bob", "bob")
    lifecycle.stop(made.session.pk, made.runs, STOPPED, "stopped by eve", "eve")
    made.end(STOPPED, "stopped by bob")
    assert told() == ("bob", "bob")


def test_a_stop_that_came_after_the_limit_did_not_end_it(made: Traced) -> None:
    lifecycle.stop(made.session.pk, made.runs, STOPPED, "stopped by bob", "bob")
    made.end(DURATION)
    assert told() == ("its limits", "its limits")


def test_who_switched_the_host_or_the_fleet_off_is_named(made: Traced, user: MakeUser) -> None:
    host = made.runs[0].host
    switch_host("bob", host, "incident", off=True)
    dispatch.sweep()
    made.end(EndCause.END_CAUSE_SWITCHED_OFF, "off")
    assert told() == ("bob, who switched tracing off",) * 2
    switch_host("bob", host, "", off=False)
    Run.objects.all().delete()
    again = traced(user("tracer", "eve"))
    switch_fleet("zoe", "incident", off=True)
    dispatch.sweep()
    assert Run.objects.get(pk=again.runs[0].pk).stop_by == "zoe, who switched tracing off"


def test_who_revoked_the_host_is_named(made: Traced) -> None:
    revoke("bob", made.runs[0].host, "stolen")
    dispatch.sweep()
    assert told() == ("bob, who revoked the host",) * 2
    assert Run.objects.get().end_message == "the host was revoked by bob"


def test_a_host_that_lost_its_runner_after_a_stop_ended_it(made: Traced) -> None:
    lifecycle.stop(made.session.pk, made.runs, STOPPED, "stopped by bob", "bob")
    lifecycle.lose(made.runs[0].id, "the agent does not know it")
    assert told() == (HOST, HOST)


def test_the_server_ended_what_it_could_not_take(made: Traced) -> None:
    lifecycle.fail(made.runs[0].id, "its schema is none")
    assert told() == (SERVER, SERVER)


@pytest.mark.parametrize("cause", CAUSES)
def test_every_other_cause_says_who(cause: str) -> None:
    expected: dict[str, Any] = {
        **dict.fromkeys(("duration", "rows", "bytes"), "its limits"),
        "budget": "its CPU budget",
        "target_exited": "its target, which ended",
        "switched_off": POLICY,
        **dict.fromkeys(("stopped", "store_full"), SERVER),
        **dict.fromkeys(("runner_died", "agent_stopped", "failed", "spool_full"), HOST),
    }
    assert ended_by(Run(end_cause=cause)) == expected[cause]


def test_what_lives_was_ended_by_nobody() -> None:
    assert ended_by(Run(stop_by="bob", stop_cause="stopped")) == ""
