"""What can be kept, and what is kept of it."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from server.accounts.models import Grant, Risk, User
from server.audit.models import AuditEntry
from server.errors import Invalid
from server.templates import keep
from server.templates.models import Template
from tests.server.templates.orders import ORDER, entries, kept, refusal, token_of


def test_a_token_is_shown_once_and_kept_as_a_digest(browser: Client) -> None:
    made = kept(browser)
    token = token_of(browser, made["id"])
    row = Template.objects.get()
    assert token not in str([row.digest, row.order, AuditEntry.objects.values_list("detail", flat=True)])
    assert token not in browser.get("/api/templates").content.decode()


@pytest.mark.parametrize("more", [{"tool": "opensnoop"}, {"reveal": True}])
def test_only_what_reveals_little_is_kept(browser: Client, tracer: User, more: dict[str, object]) -> None:
    Grant.objects.filter(person=tracer).update(risk=Risk.S3)
    answer = browser.post("/api/templates", {**ORDER, **more}, "application/json")
    assert (answer.status_code, "class S0 and S1 only" in refusal(answer)) == (403, True)
    assert not Template.objects.exists()


def test_names_are_used_once_and_removal_frees_them(browser: Client) -> None:
    made = kept(browser)
    assert browser.post("/api/templates", ORDER, "application/json").status_code == 409
    assert browser.delete(f"/api/templates/{made['id']}").status_code == 204
    kept(browser)
    assert [entry.detail["change"] for entry in entries("template.change")] == ["kept", "removed", "kept"]


@pytest.mark.parametrize("text", ["* * *", "61 * * * *", "soon", "0 0 31 2 *", "0 6 * * 1-5 *"])
def test_a_schedule_that_means_nothing_is_refused(browser: Client, text: str) -> None:
    answer = browser.post("/api/templates", {**ORDER, "schedule": text}, "application/json")
    assert (answer.status_code, "is no cron expression of five fields" in refusal(answer)) == (422, True)


def test_the_next_time_is_the_schedules_in_utc() -> None:
    friday = datetime.datetime(2026, 11, 20, 6, 0, tzinfo=datetime.UTC)
    assert keep.next_due("0 6 * * 1-5", friday) == datetime.datetime(2026, 11, 23, 6, 0, tzinfo=datetime.UTC)
    assert keep.next_due("", friday) is None
    with pytest.raises(Invalid):
        keep.next_due("x", friday)
