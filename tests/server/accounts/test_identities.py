from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from server.accounts import grants, identities, teams
from server.accounts.credentials import Identity
from server.accounts.models import User
from server.accounts.teams import Terms
from server.audit.models import AuditEntry
from server.errors import Conflict, Forbidden, NotFound
from tests.server.accounts.oidc import known
from tests.server.people import grant

KNOWN = known()
HERE = "192.0.2.7"


MAPPED = {"GROUP_ROLES": "site reliability=tracer, ops=admin, desk=viewer"}


def comes(*groups: str, subject: str = "s-1", **more: object) -> User:
    """Signs in, as a member of these groups."""
    return owner({"sub": subject, "preferred_username": "ann", "groups": list(groups), **more}, **MAPPED)


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


def test_a_role_follows_the_groups_at_each_sign_in_and_each_change_is_on_the_record(user: Callable[..., User]) -> None:
    user("admin")
    ann = comes("desk")
    assert grants.roles(ann) == {"viewer"}
    assert grants.roles(comes("site reliability", "desk")) == {"tracer"}
    changes = AuditEntry.objects.filter(action="grant.change").order_by("id").values_list("actor", "detail")
    shown = [
        (actor, *[part and (part["role"], part["issuer"]) for part in (detail["before"], detail["after"])])
        for actor, detail in changes
    ]
    viewer, tracer = [(role, KNOWN.issuer) for role in ("viewer", "tracer")]
    by = "server console"
    assert shown == [(by, None, viewer), (by, None, tracer), (by, viewer, None)]
    assert grants.roles(comes("site reliability")) == {"tracer"}
    assert changes.count() == 3, "nothing changed, so nothing is on the record"
    assert grants.roles(comes("elsewhere")) == set()
    assert comes() == ann


def test_what_people_granted_here_outlives_the_groups(user: Callable[..., User]) -> None:
    user("admin")
    ann = comes("desk")
    grant(ann, "viewer", teams.named("default"))
    grant(ann, "approver", teams.named("default"))
    comes()
    assert grants.roles(ann) == {"viewer", "approver"}


def test_groups_give_to_an_account_that_was_linked_and_taking_the_link_off_takes_that_back(
    user: Callable[..., User],
) -> None:
    user("admin")
    bob = user("approver", "bob")
    identities.link(bob, KNOWN, {"sub": "s-2"}, HERE)
    assert grants.roles(comes("ops", subject="s-2")) == {"approver", "admin", "tracer"}
    identities.unlink(bob, KNOWN, HERE)
    assert grants.roles(bob) == {"approver"}


def test_the_role_of_new_people_is_given_once_and_an_admins_from_then_on(user: Callable[..., User]) -> None:
    admin = user("admin")
    ann = owner({"sub": "s-1", "preferred_username": "ann"}, NEW_PEOPLE="viewer")
    teams.take(admin, ann.grants.get())
    assert grants.roles(owner({"sub": "s-1"}, NEW_PEOPLE="viewer")) == set()


def test_a_grant_of_the_groups_is_taken_here_but_changed_there(user: Callable[..., User]) -> None:
    admin = user("admin")
    given = comes("desk").grants.get()
    with pytest.raises(Conflict, match=f"{KNOWN.issuer} gave this by its groups.*change the groups there"):
        teams.alter(admin, given, Terms("viewer", "ann"))
    teams.take(admin, given)
    assert grants.roles(comes("desk")) == {"viewer"}, "until the person comes again"


def test_the_last_admin_is_kept_out_rather_than_lost(db: None, server_keys: None) -> None:
    ann = comes("ops")
    with pytest.raises(Forbidden, match=r"take the role of an admin from ann: .* make another one first"):
        comes("desk")
    assert grants.roles(ann) == {"admin", "tracer"}
    assert AuditEntry.objects.get(action="account.login", outcome="refused").actor == "ann"


def test_groups_that_the_provider_does_not_send_are_not_taken_for_none(user: Callable[..., User]) -> None:
    user("admin")
    ann = comes("desk")
    for subject in ("s-1", "s-9"):
        with pytest.raises(Forbidden, match="leaves your groups out of the ID token"):
            comes(subject=subject, groups=None, _claim_names={"groups": "src1"})
    assert grants.roles(ann) == {"viewer"}
    assert AuditEntry.objects.filter(action="account.login", outcome="refused").count() == 2


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
