"""API tokens: shown once, kept as a digest, good until they expire or somebody ends them."""

from __future__ import annotations

import datetime
import hashlib
import logging
import secrets
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from server import nudge
from server.accounts.models import TOKEN_DAYS, ApiToken, Risk, Scope, User
from server.audit.record import record
from server.errors import Invalid, NotFound

log = logging.getLogger(__name__)

PREFIX = "fst1."
MAX_DAYS = 366
PEOPLE_DAYS = 1  # of one that makes people and grants
_USED_RESOLUTION = datetime.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a token reaches into what its owner may. Raises Invalid."""

    scope: Scope = Scope.ALL
    risk: Risk = Risk.S3

    def __post_init__(self) -> None:
        if self.scope in (Scope.ALL, Scope.PEOPLE) and self.risk != Risk.S3:
            raise Invalid("a highest class is for tokens that read or trace: choose one of these scopes", field="risk")

    @classmethod
    def named(cls, scope: str, risk: str) -> Reach:
        """By the names of the API: `read`, `s1`."""
        return cls(Scope(scope), Risk(int(risk[1])))

    @property
    def facts(self) -> dict[str, str]:
        """For the audit."""
        return {"scope": str(self.scope), "risk": f"s{int(self.risk)}"}


EVERYTHING = Reach()


def mint(user: User, name: str, days: int = TOKEN_DAYS, reach: Reach = EVERYTHING) -> str:
    """A new token; one of the same name stops working. Raises Invalid."""
    if reach.scope == Scope.PEOPLE and days > PEOPLE_DAYS:
        raise Invalid(
            f"a token that makes people and grants ends after {PEOPLE_DAYS} day: ask for no more", field="days"
        )
    token = PREFIX + secrets.token_urlsafe(32)
    expires = timezone.now() + datetime.timedelta(days=days)
    ApiToken.objects.filter(user=user, name=name).delete()
    ApiToken.objects.create(
        user=user, name=name, digest=_digest(token), expires_at=expires, scope=reach.scope, risk=reach.risk
    )
    return token


def valid() -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(expires_at__gt=timezone.now())


def owner(token: str) -> User | None:
    """Whose it is; `token` of the person then tells which one."""
    found = valid().select_related("user").filter(digest=_digest(token), user__is_active=True).first()
    if found is None:
        return None
    _used(found)
    found.user.token = found
    return found.user


def revoke(token: str) -> None:
    ApiToken.objects.filter(digest=_digest(token)).delete()


def end(actor: str, user: User, token: int, address: str) -> None:
    """One of this person's, by its number. Raises NotFound."""
    with transaction.atomic():
        found = ApiToken.objects.filter(user=user, pk=token).first()
        if found is None:
            raise NotFound(f"{user.username} has no such token any more; list them again")
        found.delete()
        record("account.token_end", actor, detail={"user": user.username, "name": found.name, "address": address})
        nudge.access_changed()


def _used(found: ApiToken) -> None:
    """Once a minute, and only if the database takes it: reading must work on a full disk."""
    now = timezone.now()
    if found.last_used_at is not None and now - found.last_used_at < _USED_RESOLUTION:
        return
    try:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    except DatabaseError as error:
        log.warning("when a token was last used could not be kept: %s", error)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
