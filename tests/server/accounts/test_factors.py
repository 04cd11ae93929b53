from __future__ import annotations

from collections.abc import Callable

import pytest

from server.accounts import codes, factors
from server.accounts.credentials import RecoveryCode, Totp
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.errors import Conflict, Invalid, NotFound
from tests.server.accounts.signing_in import code_of


def give_app(person: User) -> None:
    secret = codes.new_secret()
    codes.confirm(person, secret, code_of(secret))
    codes.new_recovery_codes(person)


def test_recovery_codes_alone_are_no_factor(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    codes.new_recovery_codes(ann)
    assert (factors.of(ann).any, factors.of(ann).methods) == (False, [])
    give_app(ann)
    assert factors.of(ann).methods == ["totp", "recovery"]


def test_the_last_factor_goes_only_where_none_is_demanded(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    give_app(ann)
    factors.demand("admin", ["viewer"])
    with pytest.raises(Conflict, match="needs a second factor and this is your last"):
        factors.remove_totp(ann, "here")
    assert Totp.objects.exists()
    factors.demand("admin", [])
    factors.remove_totp(ann, "here")
    assert not Totp.objects.exists() and not RecoveryCode.objects.exists()
    with pytest.raises(NotFound):
        factors.remove_totp(ann, "here")
    with pytest.raises(NotFound):
        factors.remove_passkey(ann, 1, "here")


def test_who_demands_has_one_and_names_roles_that_exist(user: Callable[..., User]) -> None:
    admin = user("admin")
    with pytest.raises(Conflict, match="your own second factor first"):
        factors.demand("admin", ["admin"], own=admin)
    with pytest.raises(Invalid, match="there is no role chief"):
        factors.demand("admin", ["chief"], own=admin)
    give_app(admin)
    factors.demand("admin", ["admin", "tracer"], own=admin)
    assert factors.demanding_roles() == ["admin", "tracer"]
    assert AuditEntry.objects.get(action="account.rule").detail == {"before": [], "after": ["admin", "tracer"]}


def test_a_reset_takes_all_factors_on_the_record(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    give_app(ann)
    codes.use(ann, "wrong")
    factors.reset("server console", "ANN")
    assert not factors.of(ann).any and not RecoveryCode.objects.exists()
    entry = AuditEntry.objects.get(action="user.reset_factors")
    assert (entry.actor, entry.detail) == ("server console", {"user": "ann", "browsers": 0, "tokens": 0})
    with pytest.raises(NotFound, match="no user bob"):
        factors.reset("server console", "bob")
