"""API tokens: shown once, kept as a digest."""

from __future__ import annotations

import datetime
import hashlib
import secrets

from django.utils import timezone

from server.accounts.models import ApiToken, User

PREFIX = "fst1."
_USED_RESOLUTION = datetime.timedelta(minutes=1)


def mint(user: User, name: str) -> str:
    """A new token; one of the same name stops working."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.filter(user=user, name=name).delete()
    ApiToken.objects.create(user=user, name=name, digest=_digest(token))
    return token


def owner(token: str) -> User | None:
    found = ApiToken.objects.select_related("user").filter(digest=_digest(token), user__is_active=True).first()
    if found is None:
        return None
    now = timezone.now()
    if found.last_used_at is None or now - found.last_used_at > _USED_RESOLUTION:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.user


def revoke(token: str) -> None:
    ApiToken.objects.filter(digest=_digest(token)).delete()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
