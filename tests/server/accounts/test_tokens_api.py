from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from server.accounts import standing, tokens
from server.accounts.models import ApiToken, User
from server.accounts.standing import Entrance
from server.audit.models import AuditEntry
from tests.server.accounts.signing_in import answer, log_in, post

OWN = "/api/auth/tokens"


def bearer(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}"})


def test_a_token_is_made_listed_and_ended(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    browser = log_in("ann")
    program = bearer(answer(browser, "tokens", {"name": "report", "days": 7})["token"])
    assert program.get("/api/auth/me").status_code == 200
    (found,) = browser.get(OWN).json()
    assert (found["name"], found["last_used_at"] is None, "digest" in found) == ("report", False, False)
    came_in = Entrance(ann.pk, "", found["id"])
    assert standing.lost(came_in) == ""
    assert browser.delete(f"{OWN}/{found['id']}").status_code == 204
    assert "has ended" in standing.lost(came_in)
    assert program.get("/api/auth/me").status_code == 401
    assert browser.delete(f"{OWN}/{found['id']}").status_code == 404
    assert AuditEntry.objects.filter(action="account.token_end", actor="ann").count() == 1


def test_days_have_bounds(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    browser = log_in("ann")
    for days in (0, tokens.MAX_DAYS + 1):
        assert post(browser, "tokens", {"name": "report", "days": days}).status_code == 422


def test_nobody_ends_anothers_but_an_admin(user: Callable[..., User], client_of: Callable[[str], Client]) -> None:
    tokens.mint(user("viewer", "ann"), "report")
    number = ApiToken.objects.get().pk
    user("viewer", "bob")
    assert log_in("bob").delete(f"{OWN}/{number}").status_code == 404
    admin = client_of("admin")
    assert [one["name"] for one in admin.get("/api/users/ann/tokens").json()] == ["report"]
    assert admin.delete(f"/api/users/ann/tokens/{number}").status_code == 204
    assert not ApiToken.objects.exists()


def test_wrong_tokens_are_counted(db: None) -> None:
    found = [bearer("fst1.guess").get("/api/auth/me").status_code for _ in range(7)]
    assert found == [401] * 5 + [429] * 2
    assert AuditEntry.objects.filter(action="account.limit", actor="an API token").count() == 1
