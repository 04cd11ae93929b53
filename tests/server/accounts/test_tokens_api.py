from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from server.accounts import standing, tokens
from server.accounts.models import ApiToken, Risk, User
from server.accounts.policy import About, Action, decide
from server.accounts.standing import Entrance
from server.audit.models import AuditEntry
from tests.server.accounts.signing_in import answer, log_in, post
from tests.server.conftest import PASSWORD

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


def test_a_narrow_token_says_how_far_it_reaches(user: Callable[..., User]) -> None:
    user("tracer", "ann")
    browser = log_in("ann")
    made = answer(browser, "tokens", {"name": "report", "scope": "read", "risk": "s1"})
    (found,) = browser.get(OWN).json()
    assert (found["scope"], found["risk"]) == ("read", "s1")
    entry = AuditEntry.objects.get(action="account.token")
    assert (entry.detail["scope"], entry.detail["risk"]) == ("read", "s1")
    program = bearer(made["token"])
    can = program.get("/api/auth/me").json()["can"]
    assert (can["start"], browser.get("/api/auth/me").json()["can"]["start"]) == (False, True)
    refused = program.post("/api/sessions", {"tool": "opensnoop", "hosts": ["web"]}, content_type="application/json")
    assert refused.status_code == 403 and "scope read of the API token 'report'" in refused.json()["error"]["message"]
    assert AuditEntry.objects.filter(action="session.start", outcome="refused", actor="ann").count() == 1


def test_a_narrow_token_keeps_its_hands_off_the_account(user: Callable[..., User]) -> None:
    person = user("tracer", "ann")
    program = bearer(tokens.mint(person, "report", reach=tokens.Reach.named("trace", "s3")))
    number = ApiToken.objects.get().pk
    assert program.delete("/api/auth/sign-ins").status_code == 403
    assert program.delete(f"{OWN}/{number}").status_code == 403
    change = {"current": PASSWORD, "password": "another long secret"}
    assert post(program, "password", change).status_code == 403
    proofs: dict[str, dict[str, Any]] = {
        "": {"password": PASSWORD},
        "/code": {"code": "1"},
        "/passkey": {"credential": {}},
    }
    assert {post(program, f"confirm{path}", body).status_code for path, body in proofs.items()} == {403}
    assert post(program, "logout").status_code == 204
    assert not ApiToken.objects.exists()


def test_a_login_asks_for_a_narrow_token(user: Callable[..., User]) -> None:
    user("tracer", "ann")
    who = {"username": "ann", "password": PASSWORD}
    answer(Client(), "token", {**who, "scope": "trace", "risk": "s1"})
    assert ApiToken.objects.values_list("scope", "risk").get() == ("trace", 1)
    wrong = post(Client(), "token", {**who, "risk": "s1"})
    assert wrong.status_code == 422 and b"choose one of these scopes" in wrong.content


def test_an_admins_leaked_token_makes_neither_people_nor_grants(user: Callable[..., User]) -> None:
    """One that does is made with a proof, for a day, and may nothing else."""
    user("admin")
    browser = log_in("admin")
    new = {"username": "eve", "password": "quite a long secret", "role": "admin"}
    given = {"person": "admin", "role": "viewer"}
    leaked = bearer(answer(browser, "tokens", {"name": "report", "scope": "all", "days": 1})["token"])
    for path, body in (("users", new), ("grants", given)):
        refused = leaked.post(f"/api/{path}", body, content_type="application/json")
        assert (refused.status_code, "of the scope people" in refused.json()["error"]["message"]) == (403, True)
    assert leaked.put("/api/teams/default/members/admin", {}, content_type="application/json").status_code == 403
    assert User.objects.count() == 1
    assert post(browser, "tokens", {"name": "hiring", "scope": "people"}).status_code == 422
    hiring = bearer(answer(browser, "tokens", {"name": "hiring", "scope": "people", "days": 1})["token"])
    assert hiring.post("/api/users", new, content_type="application/json").status_code == 201
    assert hiring.get("/api/audit").status_code == 403


def test_rows_that_a_token_follows_stay_within_it(user: Callable[..., User]) -> None:
    person = user("tracer", "ann")
    tokens.mint(person, "report", reach=tokens.Reach.named("read", "s0"))
    came_in = Entrance(person.pk, "", ApiToken.objects.get().pk)
    now = standing.current(came_in)
    assert now is not None and not decide(now, Action.SESSION_VIEW, About(risk=Risk.S1)).allowed
    ApiToken.objects.all().delete()
    assert standing.current(came_in) is None
