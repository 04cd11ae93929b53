from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from server.accounts.models import Risk, User
from server.consent.models import Request
from tests.server.fleet.hosts import make_host
from tests.server.people import grant, team


@pytest.fixture
def ask(user: Callable[..., User]) -> Callable[[str], dict[str, Any]]:
    user("admin", "bob")
    grant(user("", "ann"), "tracer", team("web"), risk=Risk.S1, host_labels={"env": "dev"}, max_seconds=60)
    make_host("web-1", labels={"env": "dev"})
    make_host("db-1")
    client = Client()
    client.force_login(User.objects.get(username="ann"), backend="django.contrib.auth.backends.ModelBackend")
    return lambda query: dict(client.get(f"/api/me/rights?{query}").json())


def test_what_i_may_start_where_and_how_far(ask: Callable[[str], dict[str, Any]]) -> None:
    found = ask("tool=syscount")
    assert (found["allowed"], found["team"], found["teams"], found["risk"]) == (True, "web", ["web"], "s1")
    (host,) = found["hosts"]  # of the other one they may not even know
    assert (host["host"], host["allowed"], host["risk"], host["bounds"]["seconds"]) == ("web-1", True, "s1", 60)


def test_why_not_and_whom_to_ask(ask: Callable[[str], dict[str, Any]]) -> None:
    found = ask("tool=opensnoop&hosts=web-1")
    assert found["reason"] == ("session.start on web-1: opensnoop is of class S2, your grants go up to S1; ask bob")
    assert (found["allowed"], found["ask"]) == (False, "ask bob")
    assert ask("tool=tracepoint&hosts=web-1")["risk"] == "s3"
    assert ask("tool=tracepoint&hosts=web-1&risk=s1")["allowed"]
    assert [
        ask(f"tool={tool}&hosts=web-1&risk={risk}")["risk"] for tool in ("usdt", "sslsniff") for risk in ("s1", "s3")
    ] == [
        *("s2", "s3"),
        *("s3", "s3"),
    ]
    assert "db-1" not in ask("tool=opensnoop&hosts=db-1")["error"]["message"].split("there are")[1]


def test_whether_the_glass_may_be_broken_there_and_why_not(ask: Callable[[str], dict[str, Any]]) -> None:
    query = "tool=syscount&hosts=web-1"
    assert ask(query)["glass"] == (
        "session.break_glass needs a grant as tracer in team web that may break the glass, yours may not; ask bob"
    )
    ann = User.objects.get(username="ann")
    ann.grants.update(break_glass=True)
    assert (ask(query)["glass"], ask(query)["hosts"][0]["break_glass"]) == ("", True)
    draft = {"specification": b"", "draft": b"", "needed": 1, "signed": False, "expires_at": timezone.now()}
    made = Request.objects.create(created_by=ann, team=team("web"), break_glass=True, state="started", **draft)
    assert ask(query)["glass"].startswith(f"request {made.pk} broke the glass and nobody has reviewed it; ")


def test_without_any_right_the_missing_role_is_named(user: Callable[..., User], client_of: Any) -> None:
    found = client_of("viewer").get("/api/me/rights?tool=syscount").json()
    assert (found["allowed"], found["teams"]) == (False, [])
    assert found["reason"].startswith("session.start needs the role tracer, yours is viewer; ")
