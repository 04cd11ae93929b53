from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from server.accounts import factors, guessing
from server.accounts.models import User
from server.audit.models import AuditEntry
from tests.server.accounts.oidc import Lying, leave, lying_provider
from tests.server.accounts.signing_in import add_app, answer, code_of, log_in, post
from tests.server.conftest import PASSWORD


@pytest.fixture
def lying(db: None, server_keys: None) -> Iterator[Lying]:
    with lying_provider(NEW_PEOPLE="viewer", TWO_FACTORS="mfa") as found:
        found.claims = {"preferred_username": "ann"}
        yield found


def enter(browser: Client, lying: Lying) -> dict[str, object]:
    state = leave(browser, lying)["state"]
    found: dict[str, object] = answer(browser, "oidc/finish", {"state": state, "code": "c", "iss": lying.issuer})[
        "step"
    ]
    return found


def refusal(browser: Client, body: dict[str, str]) -> tuple[int, str]:
    reply = post(browser, "oidc/finish", body)
    return reply.status_code, reply.json()["error"]["message"]  # type: ignore[attr-defined]


def link(browser: Client, lying: Lying) -> int:
    return post(browser, "oidc/finish", {"state": leave(browser, lying, "link")["state"], "code": "c"}).status_code


def test_without_a_provider_there_is_no_button_and_no_way_in(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    assert Client().get("/api/auth/oidc").json() == {"name": None}
    assert post(Client(), "oidc/begin").status_code == 409
    assert log_in("ann").get("/api/auth/oidc/identity").json() == {"name": None, "subject": None, "sign_out": None}


def test_a_whole_sign_in(lying: Lying) -> None:
    browser = Client()
    assert browser.get("/api/auth/oidc").json() == {"name": "Example"}
    assert enter(browser, lying)["step"] == "done"
    assert browser.get("/api/auth/me").json()["username"] == "ann"
    assert browser.get("/api/auth/oidc/identity").json() == {"name": "Example", "subject": "s-1", "sign_out": None}
    entry = AuditEntry.objects.get(action="account.login")
    assert (entry.actor, entry.outcome, entry.detail["how"]) == ("ann", "done", "oidc")
    assert post(browser, "logout").status_code == 204
    assert browser.get("/api/auth/me").status_code == 401


def test_who_signed_in_with_the_provider_is_sent_there_to_sign_out_and_nobody_else(lying: Lying) -> None:
    lying.discovered = {"end_session_endpoint": f"{lying.issuer}/out"}
    browser = Client()
    enter(browser, lying)
    address = browser.get("/api/auth/oidc/identity").json()["sign_out"]
    assert address.startswith(f"{lying.issuer}/out?id_token_hint=ey")
    ann = User.objects.get(username="ann")
    ann.set_password(PASSWORD)
    ann.save()
    assert log_in("ann").get("/api/auth/oidc/identity").json()["sign_out"] is None


def test_an_answer_works_once_in_the_browser_that_left(lying: Lying) -> None:
    browser = Client()
    body = {"state": leave(browser, lying)["state"], "code": "c"}
    assert refusal(Client(), body)[0] == 401
    assert refusal(browser, {**body, "state": "forged"}) == (401, "this answer belongs to another sign-in; start again")
    status, said = refusal(browser, body)
    assert (status, "took too long or began in another browser" in said) == (401, True), "a wrong state ends it"
    assert lying.asked == []
    refused = AuditEntry.objects.filter(action="account.login", outcome="refused")
    assert (refused.count(), {entry.detail["how"] for entry in refused}) == (3, {"oidc"})


def test_another_provider_and_a_refusal_of_the_provider(lying: Lying) -> None:
    browser = Client()
    body = {"state": leave(browser, lying)["state"], "code": "c", "iss": "https://other.example"}
    assert "another provider" in refusal(browser, body)[1]
    body = {"state": leave(browser, lying)["state"], "error": "access_denied"}
    assert "did not sign you in (access_denied)" in refusal(browser, body)[1]


def test_false_answers_are_counted_like_wrong_passwords(lying: Lying) -> None:
    statuses = [refusal(Client(), {"state": "x", "code": "c"})[0] for _ in range(guessing.MAX_PER_PAIR + 1)]
    assert statuses == [401] * guessing.MAX_PER_PAIR + [429]


def test_own_factors_are_asked_for_unless_the_provider_shows_two(lying: Lying) -> None:
    browser = Client()
    enter(browser, lying)
    secret, _ = add_app(browser)
    other = Client()
    assert enter(other, lying)["step"] == "factor"
    assert other.get("/api/auth/me").status_code == 401
    assert answer(other, "login/code", {"code": code_of(secret)})["step"] == "done"
    lying.claims["amr"] = ["pwd", "mfa"]
    assert enter(Client(), lying)["step"] == "done"
    assert AuditEntry.objects.filter(detail__how="oidc with two factors", outcome="done").count() == 1


def test_a_demanded_factor_is_set_up_first(lying: Lying) -> None:
    factors.demand("admin", ["viewer"])
    browser = Client()
    assert enter(browser, lying)["step"] == "enrol"
    assert browser.get("/api/auth/me").status_code == 401


def test_an_account_is_linked_by_who_is_signed_in(lying: Lying, user: Callable[..., User]) -> None:
    user("tracer", "otto")
    browser = log_in("otto")
    assert link(browser, lying) == 200
    other = Client()
    assert enter(other, lying)["username"] == "otto"
    assert browser.delete("/api/auth/oidc/identity").status_code == 204
    assert refusal(Client(), {"state": leave(other, lying)["state"], "code": "c"})[0] == 401
    body = {"state": leave(other, lying)["state"], "code": "c"}
    status, said = refusal(other, body)
    assert (status, "took Example off" in said) == (403, True)
    names = ["account.identity_add", "account.identity_remove"]
    assert [AuditEntry.objects.get(action=name).actor for name in names] == ["otto", "otto"]


def test_a_link_that_is_anothers_is_refused_on_the_record(lying: Lying, user: Callable[..., User]) -> None:
    enter(Client(), lying)
    user("tracer", "otto")
    assert link(log_in("otto"), lying) == 409
    entry = AuditEntry.objects.get(action="account.identity_add")
    assert (entry.actor, entry.outcome, entry.detail["subject"]) == ("otto", "refused", "s-1")


def test_a_link_ends_when_another_signs_in_meanwhile(lying: Lying, user: Callable[..., User]) -> None:
    for name in ("otto", "mia"):
        user("viewer", name)
    browser = log_in("otto")
    state = leave(browser, lying, "link")["state"]
    browser.force_login(User.objects.get(username="mia"), backend="django.contrib.auth.backends.ModelBackend")
    assert refusal(browser, {"state": state, "code": "c"})[0] == 401
    assert not AuditEntry.objects.filter(action="account.identity_add").exists()


def test_a_link_needs_a_proof_of_lately_and_no_token(lying: Lying, client_of: Callable[[str], Client]) -> None:
    browser = client_of("tracer")
    assert post(browser, "oidc/link").status_code == 428
    assert browser.delete("/api/auth/oidc/identity").status_code == 428
    assert post(Client(), "oidc/link").status_code == 401
