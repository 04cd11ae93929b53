from __future__ import annotations

from collections.abc import Callable

from proto.v1.stream_pb2 import LOSS_CAUSE_RING
from server.accounts.models import User
from server.fleet.models import Host
from server.tracing import lifecycle
from server.tracing.models import Run, Session
from server.tracing.render import run_end, session_out
from tests.server.tracing.rows import BOOT, WALL
from tests.server.tracing.sessions import traced


def shown() -> dict[str, object]:
    return session_out(Session.objects.get())


def test_a_running_session(user: Callable[..., User]) -> None:
    made = traced(user("tracer"), hosts=2)
    made.store(10, 20)
    session = shown()
    assert (session["state"], session["rows"], session["books"]) == ("running", 30, "in-flight")
    assert session["hosts"] == ["host-1", "host-2"]
    run = session["runs"][0]  # type: ignore[index]
    assert run["ledger"] == {"seen": 30, "stored": 30, "lost": {}, "redacted": {}}
    assert run["anchor"] == {"boot_ns": str(BOOT), "wall_ns": str(WALL + 10**9)}
    assert (run["end"], run["ended_at"]) == (None, None)
    assert run["schema"]["streams"][0]["columns"][0]["unit"] == "boot_time"


def test_losses_are_named(user: Callable[..., User]) -> None:
    made = traced(user("tracer"))
    made.frames[0].lose(LOSS_CAUSE_RING, 4)
    made.store(10)
    made.end()
    session = shown()
    assert session["books"] == "lossy"
    assert session["runs"][0]["ledger"] == {"seen": 14, "stored": 10, "lost": {"ring": 4}, "redacted": {}}  # type: ignore[index]


def test_a_refused_run_lost_nothing(user: Callable[..., User]) -> None:
    made = traced(user("tracer"))
    lifecycle.refuse(made.runs[0].id, "policy: S2 is off")
    session = shown()
    assert (session["books"], session["books_message"]) == ("complete", "nothing was traced: policy: S2 is off")
    assert session["runs"][0]["end"] == {"cause": "failed", "by": "the host", "message": "policy: S2 is off"}  # type: ignore[index]


def test_a_lost_run_is_unknown(user: Callable[..., User]) -> None:
    made = traced(user("tracer"))
    made.store(10)
    lifecycle.lose(made.runs[0].id, "the agent does not know it")
    session = shown()
    assert session["books"] == "unknown"
    run = Session.objects.get().runs.get()
    end = run_end(run)
    assert end is not None
    assert not end.ledger_known


def test_a_session_on_a_thousand_hosts_is_shown(user: Callable[..., User]) -> None:
    made = traced(user("tracer"))
    hosts = Host.objects.bulk_create([Host(name=f"web-{number}", certificate_serial="") for number in range(1100)])
    Run.objects.bulk_create([Run(session=made.session, host=host) for host in hosts])
    assert len(shown()["hosts"]) == 1101  # type: ignore[arg-type]
