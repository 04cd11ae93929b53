"""What is due is started once, and what passed unseen is said."""

from __future__ import annotations

import datetime

from django.test import Client
from django.utils import timezone

from server.accounts.models import Grant, User
from server.templates import schedule
from server.templates.models import Template
from server.tracing.models import Session
from tests.server.templates.orders import MINUTE, entries, kept


def test_a_schedule_starts_it_once_when_it_is_due(browser: Client) -> None:
    made = kept(browser, schedule="*/5 * * * *")
    schedule.start_due()
    assert not Session.objects.exists()
    Template.objects.update(due_at=timezone.now() - MINUTE)
    schedule.start_due()
    schedule.start_due()
    session = Session.objects.get()
    assert (session.begun_by, session.template, session.created_by.username) == ("schedule", "files", "tess")
    (listed,) = browser.get("/api/templates").json()
    assert datetime.datetime.fromisoformat(listed["next_at"]) > timezone.now()
    assert listed["id"] == made["id"]


def test_a_time_that_two_processes_see_is_started_by_one(browser: Client) -> None:
    kept(browser, schedule="*/5 * * * *")
    Template.objects.update(due_at=timezone.now() - MINUTE)
    seen, now = Template.objects.select_related("owner").get(), timezone.now()
    schedule._start(seen, now)
    schedule._start(seen, now)
    assert Session.objects.count() == 1


def test_a_time_at_which_no_server_ran_is_said_and_not_caught_up(browser: Client) -> None:
    kept(browser, schedule="0 * * * *")
    Template.objects.update(due_at=timezone.now() - 10 * MINUTE)
    schedule.start_due()
    (listed,) = browser.get("/api/templates").json()
    assert (listed["last_outcome"], "no server ran at" in listed["last_message"]) == ("skipped", True)
    assert not Session.objects.exists()
    assert entries("template.skip")[0].actor == "tess"


def test_a_schedule_that_is_refused_says_why_and_goes_on(browser: Client, tracer: User) -> None:
    kept(browser, schedule="*/5 * * * *")
    Grant.objects.filter(person=tracer).delete()
    Template.objects.update(due_at=timezone.now() - MINUTE)
    schedule.start_due()
    template = Template.objects.get()
    assert (template.last_outcome, bool(template.last_message)) == ("refused", True)
    assert template.due_at is not None and template.due_at > timezone.now()
