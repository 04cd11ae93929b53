from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.test import Client

from server.webhooks import queue
from tests.server.webhooks.receiver import Receiver

PATH = "/api/teams/default/webhooks"


def post(client: Client, path: str, body: object) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json")


def test_an_admin_adds_tries_and_removes_one(client_of: Callable[[str], Client], receiver: Receiver) -> None:
    admin = client_of("admin")
    made = post(admin, PATH, {"url": receiver.url}).json()
    assert made["secret"].startswith("whsec_")
    (listed,) = admin.get(PATH).json()
    assert "secret" not in listed and (listed["result"], listed["waiting"]) == ("", 0)
    tried = post(admin, f"{PATH}/{made['id']}/test", {})
    assert (tried.status_code, tried.json()["waiting"]) == (200, 1)
    queue.done(queue.take([], 1)[0], "answered 200", delivered=True)
    (listed,) = admin.get(PATH).json()
    assert (listed["result"], listed["failures"], listed["waiting"]) == ("answered 200", 0, 0)
    assert admin.delete(f"{PATH}/{made['id']}").status_code == 204
    assert admin.get(PATH).json() == []


def test_what_cannot_be_is_refused_with_its_field(client_of: Callable[[str], Client]) -> None:
    admin = client_of("admin")
    answer = post(admin, PATH, {"url": "http://127.0.0.1/"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (409, "url")
    assert post(admin, PATH, {"url": ""}).status_code == 422
    assert post(admin, "/api/teams/nobodys/webhooks", {"url": "https://example.org/"}).status_code == 404
    assert post(client_of("tracer"), PATH, {"url": "https://example.org/"}).status_code == 403
