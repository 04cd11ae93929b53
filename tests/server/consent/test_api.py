from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.test import Client

from server.consent.models import Request, RequestState
from tests.server.consent.requests import MakeUser, asked, signed_by_ada, signed_by_bob


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/requests{path}", json.dumps(body), content_type="application/json")


def test_a_request_goes_its_way_over_http(user: MakeUser) -> None:
    request, bob = asked(user), browser(user("approver", "bob"))
    ada, path = browser(request.created_by), f"/{request.pk}"
    assert bob.get("/api/requests").json()["waiting"] == 1
    assert ada.get("/api/requests").json()["waiting"] == 0, "own ones wait for others"
    assert post(ada, f"{path}/sign", {"signature": signed_by_ada(request).model_dump()}).status_code == 200
    done = post(bob, f"{path}/approve", {"signature": signed_by_bob(request).model_dump()}).json()
    assert (done["state"], [voice["person"] for voice in done["voices"]]) == ("approved", ["ada", "bob"])
    assert bob.get("/api/requests", {"state": "approved"}).json()["items"][0]["id"] == str(request.pk)
    assert bob.get("/api/requests/rules").json() == {"hosts": 50}
    assert post(bob, f"{path}/deny", {"reason": "no"}).json()["state_message"] == "denied by bob: no"


def test_what_broke_the_glass_stays_in_the_queue_until_it_is_reviewed(user: MakeUser) -> None:
    request, bob = asked(user, break_glass=True), browser(user("approver", "bob"))
    Request.objects.update(state=RequestState.STARTED)
    assert bob.get("/api/requests").json()["waiting"] == 1
    reviewed = post(bob, f"/{request.pk}/review", {"review": "right"}).json()
    assert (reviewed["review"], reviewed["reviewed_by"], reviewed["review_due"]) == ("right", "bob", False)
    assert bob.get("/api/requests").json()["waiting"] == 0


def test_a_viewer_looks_and_does_nothing_else(user: MakeUser, client_of: Callable[[str], Client]) -> None:
    request, viewer = asked(user), client_of("viewer")
    assert viewer.get(f"/api/requests/{request.pk}").json()["tool"] == "sslsniff"
    for verb, body in (("approve", {}), ("deny", {"reason": "x"}), ("withdraw", {}), ("review", {"review": "x"})):
        assert post(viewer, f"/{request.pk}/{verb}", body).status_code == 403
