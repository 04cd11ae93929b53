from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from server.accounts import grants, identities
from server.accounts.credentials import Identity
from server.accounts.models import User
from server.audit.models import AuditEntry
from server.errors import Conflict, Forbidden, NotFound
from tests.server.accounts.oidc import known

KNOWN = known()
HERE = "192.0.2.7"


def owner(claims: dict[str, Any], **variables: str) -> User:
    return identities.owner(known(**variables), claims, HERE)


def test_strangers_stay_out_unless_the_settings_give_them_a_role(user: Callable[..., User]) -> None:
    user("admin")
    claims = {"sub": "s-1", "preferred_username": "ann", "email": "admin@example.org"}
    with pytest.raises(Forbidden, match="link it in Settings"):
        owner(claims)
    assert AuditEntry.objects.filter(action="account.login", outcome="refused", detail__subject="s-1").count() == 1
    made = owner(claims, NEW_PEOPLE="viewer")
    assert (made.username, grants.roles(made), made.has_usable_password()) == ("ann", {"viewer"}, False)
    assert AuditEntry.objects.get(action="user.add").detail["issuer"] == KNOWN.issuer
    assert owner({"sub": "s-1", "preferred_username": "renamed"}) == made, "the subject is who it is"


@pytest.mark.parametrize(
    ("groups", "role"),
    [(["ops", "site reliability"], "tracer"), ("ops", "admin"), (["none"], ""), (None, ""), ([7, {"ops": 1}], "")],
)
def test_groups_give_a_role_the_first_that_fits(groups: object, role: str) -> None:
    mapped = known(GROUP_ROLES="site reliability=tracer, ops=admin", GROUPS_CLAIM="teams")
    assert identities.role_of(mapped, {"sub": "s", "teams": groups}) == role


def test_a_name_that_is_taken_is_not_taken_over(user: Callable[..., User]) -> None:
    user("admin", "ann")
    with pytest.raises(Conflict, match="there is a user ann"):
        owner({"sub": "s-1", "preferred_username": "Ann", "email": "ann@example.org"}, NEW_PEOPLE="viewer")
    assert Identity.objects.count() == 0


def test_names_are_made_to_fit(db: None) -> None:
    made = owner({"sub": "s-1", "preferred_username": "-Ann Müller\u202e/../"}, NEW_PEOPLE="viewer")
    assert made.username == "Ann-M-ller-..-"


def test_an_inactive_person_and_one_who_took_it_off_stay_out(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    identities.link(ann, KNOWN, {"sub": "s-1"}, HERE)
    assert owner({"sub": "s-1"}) == ann
    identities.unlink(ann, KNOWN, HERE)
    with pytest.raises(Forbidden, match="took Example off"):
        owner({"sub": "s-1"}, NEW_PEOPLE="viewer")
    identities.link(ann, KNOWN, {"sub": "s-1"}, HERE)
    User.objects.update(is_active=False)
    with pytest.raises(Forbidden, match="inactive"):
        owner({"sub": "s-1"}, NEW_PEOPLE="viewer")
    refused = AuditEntry.objects.filter(action="account.login", outcome="refused", actor="ann")
    assert [entry.detail["address"] for entry in refused] == [HERE, HERE]


def test_one_person_at_the_provider_is_never_two_here(user: Callable[..., User]) -> None:
    """So a second account cannot agree to what the first one asked for, also not after a change of accounts."""
    ann, second = user("tracer", "ann"), user("admin", "second")
    identities.link(ann, KNOWN, {"sub": "s-1"}, HERE)
    identities.unlink(ann, KNOWN, HERE)
    with pytest.raises(Conflict, match="belongs to ann here, for ever"):
        identities.link(second, KNOWN, {"sub": "s-1"}, HERE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Identity.objects.create(user=second, issuer=KNOWN.issuer, subject="s-1")
    identities.link(second, known("https://other.example"), {"sub": "s-1"}, HERE)


def test_one_account_has_one_identity_at_a_time(user: Callable[..., User]) -> None:
    ann = user("viewer", "ann")
    identities.link(ann, KNOWN, {"sub": "s-1"}, HERE)
    with pytest.raises(Conflict, match="take that off first"):
        identities.link(ann, KNOWN, {"sub": "s-2"}, HERE)
    identities.unlink(ann, KNOWN, HERE)
    with pytest.raises(NotFound):
        identities.unlink(ann, KNOWN, HERE)
    identities.link(ann, KNOWN, {"sub": "s-2"}, HERE)


def test_the_only_way_in_cannot_be_taken_off(db: None) -> None:
    made = owner({"sub": "s-1", "preferred_username": "ann"}, NEW_PEOPLE="viewer")
    with pytest.raises(Conflict, match="only way in"):
        identities.unlink(made, KNOWN, HERE)


@pytest.mark.parametrize(
    ("claims", "two"),
    [
        ({"amr": ["pwd", "otp", "mfa"]}, True),
        ({"acr": "phr"}, True),
        ({"amr": "mfa"}, True),
        ({"amr": ["pwd"], "acr": "1"}, False),
        ({"amr": [["mfa"]], "acr": {"mfa": 1}}, False),
        ({}, False),
    ],
    ids=str,
)
def test_what_the_provider_says_of_two_factors(claims: dict[str, Any], *, two: bool) -> None:
    assert identities.shows_two_factors(known(TWO_FACTORS="mfa phr"), claims) == two
    assert not identities.shows_two_factors(KNOWN, claims), "nothing counts until the settings say so"
