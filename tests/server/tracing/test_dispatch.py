from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from server.accounts.models import User
from server.fleet.models import Host
from server.fleet.switch import revoke, switch_fleet, switch_host
from server.tracing import dispatch
from server.tracing.models import Run, Session
from server.tracing.start import Order, start
from tests.server.fleet.hosts import make_host


@pytest.fixture
def session(user: Callable[..., User]) -> Session:
    make_host("web-1")
    make_host("web-2")
    return start(user("tracer"), Order("opensnoop", hosts=["web-1", "web-2"]))


def hosts() -> list[Host]:
    return list(Host.objects.order_by("name"))


def test_a_start_is_handed_out_once(session: Session) -> None:
    first, second = hosts()
    ((host, run, envelope),) = dispatch.take_starts([first.id])
    assert (host, run) == (first.id, Run.objects.get(host=first).id)
    assert (envelope.payload, envelope.signature) == (bytes(session.envelope), bytes(session.signature))
    assert [taken[0] for taken in dispatch.take_starts([first.id, second.id])] == [second.id]
    assert dispatch.take_starts([first.id, second.id]) == []


def test_an_old_start_is_not_handed_out_but_refused(session: Session) -> None:
    Session.objects.update(not_after=timezone.now())
    assert dispatch.take_starts([host.id for host in hosts()]) == []
    dispatch.sweep()
    assert set(Run.objects.values_list("state", flat=True)) == {"refused"}
    assert "not connected in time" in Run.objects.all()[0].end_message


def test_a_start_without_an_answer_is_over_after_a_while(session: Session) -> None:
    dispatch.take_starts([host.id for host in hosts()])
    dispatch.sweep()
    assert set(Run.objects.values_list("state", flat=True)) == {"pending"}
    Run.objects.update(sent_at=timezone.now() - dispatch.ANSWER_TIME - datetime.timedelta(seconds=1))
    dispatch.sweep()
    assert set(Run.objects.values_list("end_message", flat=True)) == {
        "the host did not answer the start; see its agent's log"
    }


def test_what_a_host_should_know(session: Session) -> None:
    first, second = hosts()
    assert dispatch.wanted([first.id]) == []
    dispatch.take_starts([first.id, second.id])
    Session.objects.update(watched_until=timezone.now() + datetime.timedelta(seconds=5))
    Run.objects.filter(host=first).update(stop_cause="stopped", stop_message="by ann")
    (wanted,) = dispatch.wanted([first.id])
    assert (wanted.stop_cause, wanted.stop_message, wanted.watched) == ("stopped", "by ann", True)
    Session.objects.update(watched_until=timezone.now())
    assert not dispatch.wanted([second.id])[0].watched


def test_a_mark_from_before_the_clock_was_set_back_counts_no_more(session: Session) -> None:
    first = hosts()[0]
    dispatch.take_starts([first.id])
    for ahead, watched in ((datetime.timedelta(seconds=5), True), (datetime.timedelta(hours=1), False)):
        Session.objects.update(watched_until=timezone.now() + ahead)
        assert dispatch.wanted([first.id])[0].watched == watched


@pytest.mark.parametrize("fleet", [False, True])
def test_a_switch_stops_what_runs_and_cancels_what_waits(session: Session, fleet: bool) -> None:
    first, second = hosts()
    dispatch.take_starts([first.id])
    if fleet:
        switch_fleet("admin", "incident", off=True)
    else:
        switch_host("admin", first, "incident", off=True)
    dispatch.sweep()
    running, waiting = Run.objects.get(host=first), Run.objects.get(host=second)
    where = "for the whole fleet" if fleet else "here"
    told = f"tracing was switched off {where} by admin: incident"
    assert (running.stop_cause, running.stop_message) == ("switched_off", told)
    assert running.stop_by == "admin, who switched tracing off"
    assert (waiting.state, waiting.end_cause) == (("ended", "switched_off") if fleet else ("pending", ""))


def test_the_runs_of_a_revoked_host_are_lost(session: Session) -> None:
    dispatch.take_starts([host.id for host in hosts()])
    revoke("admin", hosts()[0], "stolen")
    dispatch.sweep()
    run = Run.objects.get(host=hosts()[0])
    assert (run.state, run.end_message, run.ledger_known) == ("ended", "the host was revoked by admin", False)
