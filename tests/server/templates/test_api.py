"""The ways in: one's own templates, and the address that a webhook calls."""

from __future__ import annotations

import uuid

from django.test import Client

from server.accounts.models import Risk, User
from server.tracing.models import Session
from tests.server.people import grant
from tests.server.templates.orders import call, entries, kept, refusal, token_of


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
