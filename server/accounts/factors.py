"""Second factors of a person: which there are, for whom they are demanded, and how they go away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from server import nudge
from server.accounts import grants, sign_ins
from server.accounts.credentials import CodeFailures, Passkey, RecoveryCode, SignInRule, Totp
from server.accounts.models import Role, User
from server.audit.record import record
from server.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Factors:
    totp: bool
    passkeys: int
    recovery: int  # unused codes; they alone are no factor

    @property
    def any(self) -> bool:
        return self.totp or self.passkeys > 0

    @property
    def methods(self) -> list[str]:
        """Ways to show a second factor, the strongest first."""
        found = {"passkey": self.passkeys > 0, "totp": self.totp, "recovery": self.any and self.recovery > 0}
        return [name for name, there in found.items() if there]


def of(user: User) -> Factors:
    return Factors(
        totp=Totp.objects.filter(user=user).exists(),
        passkeys=user.passkeys.count(),
        recovery=user.recovery_codes.count(),
    )


def demanded(user: User) -> bool:
    """By some role that a grant of theirs, or of a team of theirs, gives."""
    return bool(_demanding(user))


def demanding_roles() -> list[str]:
    return sorted(SignInRule.objects.values_list("role", flat=True))


def demand(actor: str, roles: Collection[str], *, own: User | None = None) -> None:
    """Exactly these roles need a second factor from now on. Raises Conflict or Invalid.

    Who has none is asked for one at the next sign-in. `own`: who changes it, who must not lock themselves out.
    """
    unknown = set(roles) - set(Role.values)
    if unknown:
        raise Invalid(f"there is no role {min(unknown)}; there are {', '.join(Role.values)}", field="roles")
    if own is not None and grants.roles(own) & set(roles) and not of(own).any:
        raise Conflict("set up your own second factor first, then demand it of a role of yours")
    with transaction.atomic():
        before = demanding_roles()
        SignInRule.objects.exclude(role__in=roles).delete()
        for role in roles:
            SignInRule.objects.get_or_create(role=role)
        record("account.rule", actor, detail={"before": before, "after": sorted(roles)})


def added(user: User, kind: str, name: str, address: str) -> None:
    record("account.factor_add", user.username, detail={"factor": kind, "name": name, "address": address})


def remove_totp(user: User, address: str) -> None:
    """Raises NotFound or Conflict."""
    with transaction.atomic():
        if not Totp.objects.filter(user=user).delete()[0]:
            raise NotFound("there is no authenticator app; reload the page")
        _removed(user, "totp", "", address)


def remove_passkey(user: User, passkey: int, address: str) -> None:
    """Raises NotFound or Conflict."""
    with transaction.atomic():
        found = Passkey.objects.filter(user=user, pk=passkey).first()
        if found is None:
            raise NotFound("there is no such passkey; reload the page")
        found.delete()
        _removed(user, "passkey", found.name, address)


def reset(actor: str, username: str) -> User:
    """Take all second factors from a person who lost them, with every way in; the password alone signs them in again.

    Raises NotFound.
    """
    with transaction.atomic():
        user = User.objects.filter(username__iexact=username).first()
        if user is None:
            raise NotFound(f"there is no user {username}")
        for model in (Totp, Passkey, RecoveryCode, CodeFailures):
            model._default_manager.filter(user=user).delete()
        ended = sign_ins.end_every_way(user)
        record("user.reset_factors", actor, detail={"user": user.username, **ended})
        nudge.access_changed()
    return user


def _demanding(user: User) -> list[str]:
    return sorted(SignInRule.objects.filter(role__in=grants.roles(user)).values_list("role", flat=True))


def _removed(user: User, kind: str, name: str, address: str) -> None:
    if not of(user).any:
        if found := _demanding(user):
            raise Conflict(f"the role {found[0]} needs a second factor and this is your last; add another one first")
        RecoveryCode.objects.filter(user=user).delete()
    record("account.factor_remove", user.username, detail={"factor": kind, "name": name, "address": address})
