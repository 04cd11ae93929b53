"""Every start asks for the rights again, and starts no more than was kept."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from threading import Barrier

import pytest
from django.test import Client
from django.utils import timezone

from server.accounts.models import Grant, User
from server.templates.models import Template
from server.tracing.models import Session
from server.tracing.start import Order
from tests.server.conftest import close_connections
from tests.server.fleet.hosts import make_host
from tests.server.templates.orders import call, ended, entries, kept, refusal, token_of


def test_it_starts_nothing_while_what_it_started_still_runs(browser: Client) -> None:
    made = kept(browser)
    token = token_of(browser, made["id"])
    first = call(made["id"], token).json()["session"]
    again = call(made["id"], token)
    assert (again.status_code, "has not ended yet" in refusal(again)) == (409, True)
    assert [entry.outcome for entry in entries("session.start")] == ["done", "refused"]
    ended(Session.objects.get(pk=first))
    assert call(made["id"], token).status_code == 201


def test_one_that_became_more_revealing_is_refused_at_the_start(browser: Client) -> None:
    """As after an upgrade that gave its tool another class; here its order is changed behind the server's back."""
    made = kept(browser)
    token = token_of(browser, made["id"])
    Template.objects.update(order=asdict(Order("opensnoop", ["web-1"])))
    answer = call(made["id"], token)
    assert (answer.status_code, "class S0 and S1 only" in refusal(answer)) == (403, True)
    assert not Session.objects.exists()


def test_rights_are_asked_at_every_start(browser: Client, tracer: User) -> None:
    made = kept(browser)
    token = token_of(browser, made["id"])
    Grant.objects.filter(person=tracer).delete()
    assert call(made["id"], token).status_code in (403, 404)
    tracer.is_active = False
    tracer.save()
    answer = call(made["id"], token)
    assert (answer.status_code, "may not sign in any more" in refusal(answer)) == (403, True)
    assert not Session.objects.exists()
    assert {entry.outcome for entry in entries("session.start")} == {"refused"}


def test_an_alert_narrows_it_and_never_widens_it(browser: Client) -> None:
    make_host("web-2")
    make_host("db-1")
    made = kept(browser, hosts=["web-1", "web-2"], filters={"comm": "nginx"})
    token = token_of(browser, made["id"])
    assert call(made["id"], token, host="db-1").status_code == 403
    session = Session.objects.get(pk=call(made["id"], token, host="web-2", pid=77).json()["session"])
    assert [run.host.name for run in session.runs.all()] == ["web-2"]
    assert session.filters == {"comm": "nginx", "pid": 77}
    bound = kept(browser, name="one", filters={"pid": 5})
    answer = call(bound["id"], token_of(browser, bound["id"]), pid=6)
    assert (answer.status_code, "is about process 5" in refusal(answer)) == (403, True)


CALLERS = 4


@contextmanager
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CALLERS) as threads:
        yield threads
        close_connections(threads)


@pytest.mark.usefixtures("committed")
def test_of_calls_at_the_same_moment_one_starts_it(browser: Client) -> None:
    made = kept(browser)
    token, together = token_of(browser, made["id"]), Barrier(CALLERS)

    def one() -> int:
        together.wait(10)
        return int(call(made["id"], token).status_code)

    with callers() as threads:
        for _ in range(5):
            codes = sorted(future.result(60) for future in [threads.submit(one) for _ in range(CALLERS)])
            assert codes == [201] + [409] * (CALLERS - 1)
            template = Template.objects.get()
            assert template.starting_at is None
            assert template.last_session == Session.objects.exclude(state="ended").get()
            ended(Session.objects.exclude(state="ended").get())
    refused = [entry for entry in entries("session.start") if entry.outcome == "refused"]
    assert len(refused) == 5 * (CALLERS - 1)
    assert all(entry.detail["refusal"] and entry.detail["via"]["template"] == "files" for entry in refused)


def test_one_that_is_being_started_is_refused_until_whoever_began_must_have_died(browser: Client) -> None:
    made = kept(browser)
    token, now = token_of(browser, made["id"]), timezone.now()
    Template.objects.update(starting_at=now)
    answer = call(made["id"], token)
    assert (answer.status_code, "at this moment" in refusal(answer)) == (409, True)
    assert not Session.objects.exists()
    Template.objects.update(starting_at=now - datetime.timedelta(minutes=2))
    assert call(made["id"], token).status_code == 201
    assert Template.objects.get().starting_at is None
