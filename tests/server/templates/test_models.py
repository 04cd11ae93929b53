"""A template outlives what it started, and not who keeps it."""

from __future__ import annotations

from django.test import Client

from server.accounts.models import Risk, User
from server.templates.models import Template
from server.tracing.models import Session
from tests.server.templates.orders import call, kept, token_of


def test_a_deleted_session_leaves_its_template(browser: Client) -> None:
    made = kept(browser)
    session = Session.objects.get(pk=call(made["id"], token_of(browser, made["id"])).json()["session"])
    session.delete()
    (listed,) = browser.get("/api/templates").json()
    assert (listed["last_outcome"], listed["last_session"]) == ("started", None)
    assert call(made["id"], token_of(browser, made["id"])).status_code == 201


def test_a_name_is_one_persons_own(browser: Client, tracer: User) -> None:
    kept(browser)
    other = User.objects.create(username="olga", password="!")
    Template.objects.create(owner=other, name="files", order={}, risk=Risk.S0)
    other.delete()
    assert [str(template) for template in Template.objects.all()] == ["tess: files"]
