from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from server.accounts import factors, tokens
from server.accounts.models import User
from server.audit.models import AuditEntry
from tests.server.accounts.authenticator import Authenticator
from tests.server.accounts.signing_in import add_app, add_passkey, answer, code_of, just_confirmed, log_in, post


def test_factors_are_listed_added_and_removed_on_the_record(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    browser = log_in("ann")
    none = {
        "totp": None,
        "passkeys": [],
        "rp_id": "localhost",
        "recovery": 0,
        "demanded": False,
        "confirm": ["password"],
    }
    assert browser.get("/api/auth/factors").json() == none
    _, recovery = add_app(browser)
    assert len(recovery) == 10
    assert add_passkey(browser, Authenticator(), "laptop") == []
    owned = browser.get("/api/auth/factors").json()
    assert (owned["passkeys"][0]["name"], owned["recovery"]) == ("laptop", 10)
    assert owned["confirm"] == ["passkey", "totp", "recovery"]
    assert browser.delete("/api/auth/factors/totp").status_code == 204
    assert browser.delete(f"/api/auth/factors/passkeys/{owned['passkeys'][0]['id']}").status_code == 204
    assert browser.get("/api/auth/factors").json() == none
    told = AuditEntry.objects.filter(action__startswith="account.factor").order_by("id")
    assert [(entry.action, entry.detail["factor"]) for entry in told] == [
        ("account.factor_add", "totp"),
        ("account.factor_add", "passkey"),
        ("account.factor_remove", "totp"),
        ("account.factor_remove", "passkey"),
    ]


def test_an_app_counts_only_once_its_code_is_shown(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    browser = log_in("ann")
    assert post(browser, "factors/totp/confirm", {"code": "000000"}).status_code == 422
    secret = answer(browser, "factors/totp")["secret"]
    assert post(browser, "factors/totp/confirm", {"code": "000000"}).status_code == 422
    assert browser.get("/api/auth/factors").json()["recovery"] == 0
    assert post(browser, "factors/totp/confirm", {"code": code_of(secret)}).status_code == 200


def test_another_persons_passkey_is_not_there(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    user("viewer", "bob")
    add_passkey(log_in("ann"), Authenticator())
    assert log_in("bob").delete(f"/api/auth/factors/passkeys/{ann.passkeys.get().pk}").status_code == 404


def test_a_token_cannot_change_how_its_owner_signs_in(user: Callable[..., User]) -> None:
    bearer = Client(headers={"authorization": f"Bearer {tokens.mint(user('admin'), 'laptop')}"})
    for path in ("factors/totp", "factors/passkeys/options", "factors/recovery"):
        refused = post(bearer, path)
        assert (refused.status_code, "API token" in refused.content.decode()) == (403, True)


def test_new_recovery_codes_need_a_factor(user: Callable[..., User]) -> None:
    user("viewer", "ann")
    browser = log_in("ann")
    assert post(browser, "factors/recovery").status_code == 422
    _, old = add_app(browser)
    assert not set(answer(browser, "factors/recovery")["recovery_codes"]) & set(old)


def test_admins_set_the_rule_and_reset_who_is_locked_out(
    user: Callable[..., User], client_of: Callable[..., Client]
) -> None:
    admin = just_confirmed(client_of("admin"))
    ann = user("viewer", "ann")
    rule = admin.put("/api/auth/rule", {"roles": ["viewer"]}, content_type="application/json")
    assert rule.json() == admin.get("/api/auth/rule").json() == {"roles": ["viewer"]}
    browser = log_in("ann")
    add_app(browser)
    answer(browser, "login/enrolled")
    assert browser.put("/api/auth/rule", {"roles": []}, content_type="application/json").status_code == 403
    assert browser.post("/api/users/ann/reset-factors").status_code == 403
    assert admin.post("/api/users/ann/reset-factors").json()["factors"] == []
    assert not factors.of(ann).any
    assert post(browser, "factors/recovery").status_code == 401
    assert AuditEntry.objects.get(action="user.reset_factors").detail["browsers"] == 1
