from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from server.accounts.models import Risk, User
from server.audit.models import AuditEntry
from server.tracing.models import Session
from tests.server.tracing.sessions import traced

pytestmark = pytest.mark.django_db
BOUNDS = ("quota_bytes", "keep_bytes", "keep_days")
ClientOf = Callable[[str], Client]


def put(client: Client, **body: object) -> tuple[int, dict[str, object]]:
    answer = client.put("/api/storage", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_an_admin_sets_and_sees_bounds(client_of: ClientOf) -> None:
    admin = client_of("admin")
    status, found = put(admin, quota_bytes=50 * 10**9, keep_days=30)
    assert status == 200
    seen = admin.get("/api/storage").json()
    assert {name: seen[name] for name in BOUNDS} == {name: found[name] for name in BOUNDS}
    assert (found["quota_bytes"], found["keep_bytes"], found["keep_days"]) == (50 * 10**9, None, 30)
    assert isinstance(found["used_bytes"], int) and isinstance(found["free_bytes"], int)


def test_others_may_not_and_it_is_on_the_record(client_of: ClientOf) -> None:
    status, found = put(client_of("tracer"), quota_bytes=1)
    assert (status, found["error"]["code"]) == (403, "forbidden")  # type: ignore[index]
    assert AuditEntry.objects.filter(action="storage.change", outcome="refused", actor="tracer").exists()


@pytest.mark.parametrize(
    "body",
    [
        {"quota_bytes": 0},
        {"quota_bytes": 2**63},
        {"keep_days": 0},
        {"keep_days": 36_501},
        {"quota": 5},
        {"keep_bytes": "x"},
    ],
)
def test_what_is_no_bound_is_refused(client_of: ClientOf, body: dict[str, object]) -> None:
    assert put(client_of("admin"), **body)[0] == 422


def test_a_floor_keeps_people_from_deleting(client_of: ClientOf) -> None:
    admin = client_of("admin")
    made = traced(User.objects.get())
    made.end()
    Session.objects.filter(pk=made.session.pk).update(risk=Risk.S3, ended_at=timezone.now())
    status, found = put(admin, classes={"s3": {"at_least": 24, "at_most": 72}})
    assert (status, found["classes"]["s3"]) == (200, {"at_least": 24, "at_most": 72})  # type: ignore[index]
    refused = admin.delete(f"/api/sessions/{made.session.pk}")
    assert (refused.status_code, "kept at least 24 hours" in refused.json()["error"]["message"]) == (409, True)
    put(admin, classes={"s3": {"at_most": 72}})
    assert admin.delete(f"/api/sessions/{made.session.pk}").status_code == 204
