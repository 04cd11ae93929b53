from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from proto.listing import pack
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.tracing import lifecycle, listings
from server.tracing.models import Run, Session
from server.tracing.segments import segment_store
from tests.server.conftest import MakeUser
from tests.server.fleet.hosts import make_host
from tests.server.tracing.sessions import LISTING, traced

JSON = "application/json"
ClientOf = Callable[[str], Client]


def started(client: Client, **body: object) -> Any:
    answer = client.post("/api/sessions", {"tool": "opensnoop", **body}, content_type=JSON)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_start_answers_with_the_session(client_of: ClientOf) -> None:
    make_host("web-1")
    session = started(client_of("tracer"), reason="why", filters={"pid": 7}, limits={"duration_ms": 1000})
    assert (session["state"], session["hosts"], session["reason"]) == ("pending", ["web-1"], "why")
    assert (session["filters"], session["limits"]["duration_ms"]) == ({"pid": 7}, 1000)
    assert session["runs"][0]["state"] == "pending"
    assert session["runs"][0]["schema"] is None


def test_a_viewers_start_is_refused_and_stands_in_the_audit(client_of: ClientOf) -> None:
    make_host("web-1")
    admin = client_of("admin")
    answer = client_of("viewer").post("/api/sessions", {"tool": "opensnoop", "reason": "curious"}, content_type=JSON)
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "session.start needs the role tracer, yours is viewer; ask admin"
    (entry,) = admin.get("/api/audit?outcome=refused").json()["items"]
    assert (entry["actor"], entry["action"], entry["reason"]) == ("viewer", "session.start", "curious")


def test_an_error_names_its_field(client_of: ClientOf) -> None:
    make_host("web-1")
    body = {"tool": "opensnoop", "params": {"access": "sideways"}}
    error = client_of("tracer").post("/api/sessions", body, content_type=JSON).json()["error"]
    assert (error["code"], error["field"]) == ("invalid", "access")


def test_sessions_are_listed_newest_first_and_filtered(client_of: ClientOf) -> None:
    make_host("web-1")
    tracer, admin = client_of("tracer"), client_of("admin")
    ids = [started(tracer)["id"], started(admin)["id"], started(tracer)["id"]]
    page = tracer.get("/api/sessions").json()
    assert ([item["id"] for item in page["items"]], page["total"]) == (ids[::-1], 3)
    assert [item["id"] for item in tracer.get("/api/sessions?limit=1&offset=1").json()["items"]] == [ids[1]]
    assert tracer.get("/api/sessions?user=admin").json()["total"] == 1
    assert tracer.get("/api/sessions?state=ended").json()["total"] == 0
    assert tracer.get("/api/sessions?tool=profile").json()["total"] == 0


def test_only_who_may_stops_a_session(client_of: ClientOf, user: Callable[..., User]) -> None:
    make_host("web-1")
    tracer = client_of("tracer")
    session = started(tracer)
    stop = f"/api/sessions/{session['id']}/stop"
    other = Client()
    other.force_login(user("tracer", "other"), backend="django.contrib.auth.backends.ModelBackend")
    assert other.post(stop).status_code == 403
    assert client_of("viewer").post(stop).status_code == 403
    assert tracer.post(stop).json()["state"] == "ended"
    assert Run.objects.get().end_message == "stopped by tracer"
    assert client_of("admin").post(stop).status_code == 200


def test_a_deleted_session_leaves_only_the_audit(client_of: ClientOf, user: Callable[..., User]) -> None:
    made = traced(user("tracer", "ann"))
    made.store(10)
    made.end()
    path = f"/api/sessions/{made.session.id}"
    assert client_of("tracer").delete(path).status_code == 403
    admin = client_of("admin")
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404
    assert not Session.objects.exists()
    assert segment_store().last_seq(made.session.id, made.runs[0].id) == 0
    assert AuditEntry.objects.get(action="session.delete", outcome="done").session == made.session.id


def test_a_running_session_is_stopped_before_it_is_deleted(client_of: ClientOf) -> None:
    make_host("web-1")
    tracer = client_of("tracer")
    path = f"/api/sessions/{started(tracer)['id']}"
    answer = tracer.delete(path)
    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "the session still runs on web-1; stop it first"
    lifecycle.refuse(Run.objects.get().id, "policy")
    assert tracer.delete(path).status_code == 204


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_an_unknown_session_says_where_to_look(client_of: ClientOf, verb: str) -> None:
    answer = getattr(client_of("admin"), verb)("/api/sessions/deadbeef")
    assert answer.status_code == 404
    assert "fleetscope sessions" in answer.json()["error"]["message"]


def test_the_program_of_a_run_is_shown_to_whoever_may_see_the_session(client_of: ClientOf, user: MakeUser) -> None:
    there, viewer = traced(user("tracer", "ann")), client_of("viewer")
    address = f"/api/sessions/{there.session.pk}/program"
    assert viewer.get(address).status_code == 404
    listings.keep(there.runs[0].pk, pack(LISTING))
    found = viewer.get(address).json()
    assert (found["host"], found["source"], found["log"]) == ("host-1", "int f;", "")
    assert found["functions"] == [{"name": "f", "type": "tracepoint", "instructions": 1, "bytecode": "   0: (95) exit"}]
    assert Client().get(address).status_code == 401
