from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from server.audit.models import AuditEntry
from tests.server.fleet.hosts import make_host

JSON = "application/json"


def test_hosts_are_listed_with_all_that_is_known(client_of: Callable[[str], Client]) -> None:
    make_host("web-1", facts={"kernel_release": "6.18"}, own_labels={"env": "prod"})
    make_host("web-2", online=False, audit_trouble="the server's audit was cut")
    first, second = client_of("viewer").get("/api/hosts").json()
    assert (first["name"], first["state"], first["labels"]) == ("web-1", "online", {"env": "prod"})
    assert first["verdicts"]["opensnoop"] == {"state": "works", "variant": "syscalls", "reason": ""}
    assert (first["audit_trouble"], second["audit_trouble"]) == ("", "the server's audit was cut")
    assert (second["state"], second["since"], second["live_runs"]) == ("offline", None, 0)


def test_a_host_is_found_by_name_and_id(client_of: Callable[[str], Client]) -> None:
    host = make_host("web-1")
    viewer = client_of("viewer")
    assert viewer.get("/api/hosts/web-1").json() == viewer.get(f"/api/hosts/{host.id}").json()
    missing = viewer.get(f"/api/hosts/{uuid.uuid4()}")
    assert missing.status_code == 404
    assert "fleetscope hosts" in missing.json()["error"]["message"]


CHANGES = [
    ("patch", "/api/hosts/web-1", {"labels": {"env": "prod"}}, "host.change"),
    ("post", "/api/hosts/web-1/switch", {"off": True, "reason": "incident"}, "host.switch"),
    ("post", "/api/hosts/web-1/revoke", {"reason": "stolen"}, "host.revoke"),
    ("post", "/api/hosts/token", {}, "host.token"),
    ("post", "/api/hosts/token", {"host_name": "db-1"}, "host.token"),
    ("post", "/api/fleet/switch", {"off": True, "reason": "incident"}, "fleet.switch"),
]


@pytest.mark.parametrize(("verb", "path", "body", "action"), CHANGES)
def test_admins_change_things_on_the_record(
    client_of: Callable[[str], Client], verb: str, path: str, body: object, action: str
) -> None:
    make_host("web-1")
    answer = getattr(client_of("admin"), verb)(path, body, content_type=JSON)
    assert answer.status_code in (200, 201), answer.content
    assert AuditEntry.objects.get(action=action).actor == "admin"


@pytest.mark.parametrize(("verb", "path", "body", "action"), CHANGES)
@pytest.mark.parametrize("role", ["viewer", "tracer"])
def test_others_do_not(
    client_of: Callable[[str], Client], role: str, verb: str, path: str, body: object, action: str
) -> None:
    make_host("web-1")
    assert getattr(client_of(role), verb)(path, body, content_type=JSON).status_code == 403
    assert AuditEntry.objects.get().outcome == "refused"


def test_labels_are_replaced_and_plain(client_of: Callable[[str], Client]) -> None:
    make_host("web-1")
    admin = client_of("admin")
    assert admin.patch("/api/hosts/web-1", {"labels": {"a": "1"}}, content_type=JSON).json()["labels"] == {"a": "1"}
    assert admin.patch("/api/hosts/web-1", {"labels": {"b": "2"}}, content_type=JSON).json()["labels"] == {"b": "2"}
    assert admin.patch("/api/hosts/web-1", {"labels": {"<x>": "2"}}, content_type=JSON).status_code == 422


def test_the_fleet_switch_is_shown(client_of: Callable[[str], Client]) -> None:
    admin = client_of("admin")
    assert admin.get("/api/fleet/switch").json() == {"off": False, "reason": ""}
    admin.post("/api/fleet/switch", {"off": True, "reason": "incident"}, content_type=JSON)
    assert admin.get("/api/fleet/switch").json() == {"off": True, "reason": "incident"}
