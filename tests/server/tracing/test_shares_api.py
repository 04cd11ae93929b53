from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from server.accounts.models import Risk, User
from server.audit.models import AuditEntry
from tests.server.people import grant, team
from tests.server.tracing.sessions import traced

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def owner(client_of: Callable[[str], Client]) -> Client:
    return client_of("tracer")


@pytest.fixture
def address(owner: Client) -> str:
    return f"/api/sessions/{traced(User.objects.get(username='tracer')).session.pk}"


def test_a_link_from_making_to_revoking(owner: Client, address: str, user: Callable[..., User]) -> None:
    made = owner.post(f"{address}/shares", {}, content_type=JSON)
    assert made.status_code == 201
    secret = made.json()["secret"]
    bob = user("", "bob")
    grant(bob, "viewer", team("web"), risk=Risk.S2)
    reader = Client()
    reader.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    assert reader.get(address).status_code == 404
    opened = reader.post(f"{address}/open", {"secret": secret}, content_type=JSON)
    assert opened.json() == {"session": address.rsplit("/", 1)[1]}
    assert reader.get(address).status_code == 200
    assert reader.get(f"{address}/export?format=ndjson").status_code == 200
    assert owner.get(f"{address}/export?format=ndjson").status_code == 200
    his, hers = (AuditEntry.objects.get(action="session.export", actor=name).detail for name in ("bob", "tracer"))
    assert (his["by_share"], his["given_by"]) == (made.json()["id"], "tracer")
    assert "by_share" not in hers
    assert reader.get(f"{address}/shares").status_code == 403
    (listed,) = owner.get(f"{address}/shares").json()
    assert "secret" not in listed
    assert (listed["opened_by"], listed["given_by"], listed["person"], listed["team"]) == (
        ["bob"],
        "tracer",
        None,
        None,
    )
    assert owner.delete(f"{address}/shares/{listed['id']}").status_code == 204
    assert reader.get(address).status_code == 404
    assert owner.get(f"{address}/shares").json() == []


def test_a_link_is_nothing_to_who_is_not_signed_in(owner: Client, address: str) -> None:
    secret = owner.post(f"{address}/shares", {}, content_type=JSON).json()["secret"]
    assert Client().post(f"{address}/open", {"secret": secret}, content_type=JSON).status_code == 401
    assert Client().get(address).status_code == 401


@pytest.mark.parametrize("body", [{"hours": 0}, {"hours": 366 * 24 + 1}, {"person": "x" * 65}, {"everybody": True}])
def test_a_bad_share_is_refused(owner: Client, address: str, body: dict[str, object]) -> None:
    assert owner.post(f"{address}/shares", body, content_type=JSON).status_code == 422


def test_what_is_wrong_with_a_share_is_said_when_it_is_made(
    owner: Client, address: str, user: Callable[..., User]
) -> None:
    user("", "bob")
    made = owner.post(f"{address}/shares", {"person": "bob", "hours": 1}, content_type=JSON).json()
    assert made["problem"] == "bob has no grant up to class S2 on its hosts; an admin can give one"
    assert made["secret"] == ""
    assert made["expires_at"] is not None
