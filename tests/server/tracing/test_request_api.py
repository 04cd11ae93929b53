from __future__ import annotations

import json
from typing import Any

from server.consent import requests
from tests.server.consent.requests import MakeUser, signed_by_ada, signed_by_bob
from tests.server.consent.test_api import browser
from tests.server.fleet.hosts import make_host


def test_asked_signed_and_started_over_http(user: MakeUser) -> None:
    make_host("web-1", approvals_needed=1)
    ada = user("tracer", "ada")
    client = browser(ada)
    body: dict[str, Any] = {"tool": "sslsniff", "reason": "why", "minutes": 5}
    refused = client.post("/api/sessions", json.dumps(body | {"minutes": None}), content_type="application/json")
    assert refused.status_code == 422, "sessions know no minutes"
    del body["minutes"]
    refused = client.post("/api/sessions", json.dumps(body), content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "approval_needed")
    made = client.post("/api/requests", json.dumps(body | {"minutes": 5}), content_type="application/json").json()
    assert (made["state"], made["hosts"], made["signed"]) == ("waiting", ["web-1"], True)
    request = requests.find(made["id"])
    requests.sign(ada, made["id"], signed_by_ada(request))
    requests.approve(user("approver", "bob"), made["id"], signed_by_bob(request))
    started = client.post(f"/api/requests/{made['id']}/start")
    assert (started.status_code, started.json()["id"]) == (201, made["id"])
