"""Templates: kept by a person, started as them by a token or a schedule, through the door of every start."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import asdict
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from server.accounts.models import Grant, Risk, User
from server.audit.models import AuditEntry
from server.errors import Invalid
from server.fleet.models import Host
from server.templates import keep, schedule
from server.templates.models import Template
from server.tracing.models import Session, SessionState
from server.tracing.start import Order
from tests.server.fleet.hosts import make_host
from tests.server.people import grant, team

pytestmark = pytest.mark.usefixtures("db", "server_keys")

ORDER = {"tool": "syscount", "hosts": ["web-1"], "name": "files", "reason": "latency alert"}
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def host(db: None, server_keys: None) -> Host:
    return make_host("web-1")


@pytest.fixture
def tracer(host: Host) -> User:
    person = User.objects.create(username="tess", password="!")
    grant(person, "tracer", team("ours"), risk=Risk.S2)
    return person


@pytest.fixture
def browser(tracer: User) -> Client:
    client = Client()
    client.force_login(tracer, backend="django.contrib.auth.backends.ModelBackend")
    return client


def kept(browser: Client, **changes: Any) -> dict[str, Any]:
    answer = browser.post("/api/templates", {**ORDER, **changes}, "application/json")
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def refusal(answer: Any) -> str:
    return str(answer.json()["error"]["message"])


def token_of(browser: Client, template: str) -> str:
    return str(browser.post(f"/api/templates/{template}/token", {}, "application/json").json()["token"])


def call(template: str, token: str, **body: Any) -> Any:
    return Client(headers={"authorization": f"Bearer {token}"}).post(f"/api/hooks/{template}", body, "application/json")


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("pk"))


def ended(session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(state=SessionState.ENDED)


def test_a_webhook_starts_it_as_who_keeps_it_and_says_so_everywhere(browser: Client) -> None:
    made = kept(browser)
    answer = call(made["id"], token_of(browser, made["id"]), status="firing", reason="p99 over 2 s")
    assert answer.status_code == 201, answer.content
    session = Session.objects.get(pk=answer.json()["session"])
    assert answer.json()["url"].endswith(f"/sessions/{session.pk}")
    assert (session.created_by.username, session.begun_by, session.template) == ("tess", "webhook", "files")
    assert session.reason == "latency alert | p99 over 2 s"
    shown = browser.get(f"/api/sessions/{session.pk}").json()
    assert (shown["begun_by"], shown["template"]) == ("webhook", "files")
    (entry,) = entries("session.start")
    assert (entry.actor, entry.outcome, entry.detail["via"]["by"]) == ("tess", "done", "webhook")
    assert entry.detail["via"]["template_id"] == made["id"]
    (listed,) = browser.get("/api/templates").json()
    assert (listed["last_outcome"], listed["last_session"]) == ("started", str(session.pk))


def test_it_starts_nothing_while_what_it_started_still_runs(browser: Client) -> None:
    made = kept(browser)
    token = token_of(browser, made["id"])
    first = call(made["id"], token).json()["session"]
    again = call(made["id"], token)
    assert (again.status_code, "has not ended yet" in refusal(again)) == (409, True)
    assert [entry.outcome for entry in entries("session.start")] == ["done", "refused"]
    ended(Session.objects.get(pk=first))
    assert call(made["id"], token).status_code == 201


def test_another_token_none_and_an_ended_one_get_the_same_answer(browser: Client) -> None:
    made, other = kept(browser), kept(browser, name="other")
    token, others = token_of(browser, made["id"]), token_of(browser, other["id"])
    answers = [call(made["id"], others), call(str(uuid.uuid4()), token), call(made["id"], "")]
    answers.append(Client().post(f"/api/hooks/{made['id']}", {}, "application/json"))
    assert browser.delete(f"/api/templates/{made['id']}/token").status_code == 204
    answers += [call(made["id"], token)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({refusal(answer) for answer in answers}) == 1
    assert not Session.objects.exists()
    assert entries("template.start")[0].outcome == "refused"


def test_guessing_is_slowed_down(browser: Client) -> None:
    made = kept(browser)
    assert [call(made["id"], "wrong").status_code for _ in range(6)] == [401] * 5 + [429]


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


def test_nobody_touches_those_of_others(browser: Client) -> None:
    made = kept(browser)
    other = User.objects.create(username="olga", password="!")
    grant(other, "admin", None, risk=Risk.S3)
    theirs = Client()
    theirs.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    assert theirs.get("/api/templates").json() == []
    for answer in (
        theirs.delete(f"/api/templates/{made['id']}"),
        theirs.post(f"/api/templates/{made['id']}/token", {}, "application/json"),
        theirs.delete(f"/api/templates/{made['id']}/token"),
    ):
        assert answer.status_code == 404


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
