"""Where people are signed in with a browser: Django's sessions, with what a person needs to tell one from the other."""

from __future__ import annotations

import datetime
import hashlib
import logging
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import DatabaseError, models
from django.http import HttpRequest
from django.utils import timezone

log = logging.getLogger(__name__)

SEEN_RESOLUTION = datetime.timedelta(minutes=1)
_PLACE = "place"


class SignIn(AbstractBaseSession):
    """A browser's cookie on this side. Without a user nobody is signed in with it yet."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sign_ins")
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)  # as the browser calls itself
    since = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore

    @property
    def public_id(self) -> str:
        """Names it to its owner and to admins; the key itself would be the cookie."""
        return public_id(self.session_key)


class SessionStore(DatabaseStore):
    """`SESSION_ENGINE` loads it by this name."""

    last_seen: datetime.datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[SignIn]:
        return SignIn

    def create_model_instance(self, data: dict[str, Any]) -> SignIn:
        """Every save writes all columns, so all of them come from the data."""
        made = super().create_model_instance(data)
        assert isinstance(made, SignIn)
        place = data.get(_PLACE, {})
        made.user_id = data.get(SESSION_KEY)
        made.address, made.agent = place.get("address", ""), place.get("agent", "")
        made.since = datetime.datetime.fromisoformat(place["since"]) if place else None
        made.last_seen = self.last_seen = timezone.now()
        return made

    def begin(self, address: str, agent: str) -> None:
        """Somebody has just signed in from there."""
        kept = agent[:300].replace("\x00", "")
        self[_PLACE] = {"address": address[:64], "agent": kept, "since": timezone.now().isoformat()}

    def load(self) -> dict[str, Any]:
        found = self._get_session_from_db()  # type: ignore[attr-defined]
        self.last_seen = found.last_seen if found else None
        return self.decode(found.session_data) if found else {}

    def seen(self) -> None:
        """Once a minute, and only if the database takes it: looking must work on a full disk."""
        now = timezone.now()
        if not self.session_key or (self.last_seen and now - self.last_seen < SEEN_RESOLUTION):
            return
        try:
            SignIn.objects.filter(pk=self.session_key).update(last_seen=now)
        except DatabaseError as error:
            log.warning("when a browser was last seen could not be kept: %s", error)


def public_id(key: str) -> str:
    return hashlib.sha256(f"sign-in {key}".encode()).hexdigest()[:16]


def store_of(request: HttpRequest) -> SessionStore:
    return cast(SessionStore, request.session)


def live() -> models.QuerySet[SignIn]:
    return SignIn.objects.filter(user__isnull=False, expire_date__gt=timezone.now())
