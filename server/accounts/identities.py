"""Who of the OpenID provider is who here. Only issuer and subject say so: names and e-mail addresses change hands.

An identity belongs to one account for ever, so one person never counts as two who agree. The role that its groups mean
follows them at each sign-in.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from django.db import transaction

from server.accounts import people, teams
from server.accounts.credentials import Identity
from server.accounts.models import NAME_LENGTH, User
from server.accounts.openid import Claims
from server.accounts.policy import CONSOLE_ACTOR
from server.audit.record import record
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.oidc_settings import Provider


def owner(known: Provider, claims: Claims, address: str) -> User:
    """Whose account it is, with the role of its groups; made now if the settings say so. Raises Forbidden, Conflict."""
    subject = claims["sub"]
    found = Identity.objects.filter(issuer=known.issuer, subject=subject).select_related("user").first()
    facts = {"address": address, "how": "oidc", "issuer": known.issuer, "subject": subject}
    if found is None:
        return _admit(known, claims, facts, _role(known, claims, known.name, facts))
    name = found.user.username
    if not found.user.is_active:
        _refuse(name, facts, f"the account {name} is inactive; ask an admin")
    if not found.linked:
        _refuse(
            name, facts, f"{name} took {known.name} off the account; sign in otherwise and link it again in Settings"
        )
    role = _role(known, claims, name, facts)
    try:
        teams.follow(found, role)
    except Conflict as error:
        _refuse(name, facts, f"the groups at {known.name} take the role of an admin from {name}: {error.message}")
    return found.user


def role_of(known: Provider, claims: Claims) -> str:
    """That the groups mean; empty: none. Raises Invalid."""
    if known.group_roles and known.groups_claim in _listed_elsewhere(claims):
        raise Invalid(
            f"{known.name} leaves your groups out of the ID token, as some do with long lists; ask its admins to list "
            f"only the groups of this client in {known.groups_claim!r}"
        )
    groups = _texts(claims.get(known.groups_claim))
    return next((role for group, role in known.group_roles.items() if group in groups), "")


def shows_two_factors(known: Provider, claims: Claims) -> bool:
    return not known.two_factors.isdisjoint({*_texts(claims.get("acr")), *_texts(claims.get("amr"))})


def of(user: User, known: Provider) -> Identity | None:
    return Identity.objects.filter(user=user, issuer=known.issuer, linked=True).first()


def link(user: User, known: Provider, claims: Claims, address: str) -> None:
    """To the person who is signed in. Raises Conflict."""
    with transaction.atomic():
        linked = of(user, known)
        if linked is not None and linked.subject != claims["sub"]:
            raise Conflict(f"another account of {known.name} is linked already; take that off first")
        found, _ = Identity.objects.get_or_create(issuer=known.issuer, subject=claims["sub"], defaults={"user": user})
        if found.user_id != user.pk:
            raise Conflict(
                f"this account of {known.name} belongs to {found.user.username} here, for ever: one person is never two"
            )
        found.linked = True
        found.save(update_fields=["linked"])
        _changed("account.identity_add", user, found, address)


def unlink(user: User, known: Provider, address: str) -> None:
    """Raises NotFound or Conflict."""
    with transaction.atomic():
        found = of(user, known)
        if found is None:
            raise NotFound(f"no account of {known.name} is linked; reload the page")
        if not user.has_usable_password() and not user.passkeys.exists():
            raise Conflict(
                f"{known.name} is your only way in; register a passkey first, or ask an admin for a password"
            )
        teams.follow(found, "")  # it would follow no groups any more
        found.linked = False
        found.save(update_fields=["linked"])
        _changed("account.identity_remove", user, found, address)


def _texts(value: object) -> set[str]:
    """Of a claim that is one string or a list of them."""
    return {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)}


def _listed_elsewhere(claims: Claims) -> dict[str, Any]:
    """https://openid.net/specs/openid-connect-core-1_0.html#AggregatedDistributedClaims"""
    named = claims.get("_claim_names")
    return named if isinstance(named, dict) else {}


def _role(known: Provider, claims: Claims, name: str, facts: dict[str, str]) -> str:
    try:
        return role_of(known, claims)
    except Invalid as error:
        _refuse(name, facts, error.message)


def _admit(known: Provider, claims: Claims, facts: dict[str, str], role: str) -> User:
    if not role and not known.new_people:
        _refuse(
            known.name,
            facts,
            f"no account here is yours at {known.name}; sign in otherwise and link it in Settings, or ask an admin",
        )
    with transaction.atomic():
        user = people.admit(known.name, _name(claims), issuer=known.issuer, subject=claims["sub"])
        identity = Identity.objects.create(user=user, issuer=known.issuer, subject=claims["sub"])
        if role:
            teams.follow(identity, role)
        else:
            teams.begin(CONSOLE_ACTOR, user.username, known.new_people)  # whoever runs the server wrote the settings
    return user


def _name(claims: Claims) -> str:
    """What the provider calls the person, as far as user names here can say it."""
    wanted = str(claims.get("preferred_username") or claims["sub"])
    return re.sub(r"[^A-Za-z0-9._@-]+", "-", wanted).lstrip("._@-")[:NAME_LENGTH]


def _refuse(actor: str, facts: dict[str, str], cause: str) -> NoReturn:
    record("account.login", actor, "refused", detail={**facts, "refusal": cause})
    raise Forbidden(cause)


def _changed(action: str, user: User, identity: Identity, address: str) -> None:
    detail = {"issuer": identity.issuer, "subject": identity.subject, "address": address}
    record(action, user.username, detail=detail)
