"""Sign-ins that somebody began and nobody ended: anybody may begin one, so how many there are is bounded."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from server.accounts.auth import address_of
from server.accounts.browsers import SessionStore, SignIn, store_of
from server.accounts.guessing import place
from server.accounts.models import User
from server.errors import TooMany

SECONDS = 600
MOST_FROM_A_PLACE = 100
MOST = 20_000


def begin(request: HttpRequest) -> None:
    """Keeps the session of this browser, where nobody is signed in, for a while. Raises TooMany.

    One that is kept already counts once, however often it begins.
    """
    if isinstance(request.user, User):
        return
    here = place(address_of(request))
    kept = SignIn.objects.filter(session_key=request.session.session_key or "", expire_date__gt=timezone.now())
    if not kept.exists():
        SessionStore.clear_expired()
        _require_room(here)
    store_of(request).begin(here, "")
    request.session.set_expiry(SECONDS)


def _require_room(here: str) -> None:
    begun = SignIn.objects.filter(user=None, expire_date__gt=timezone.now())
    if begun.filter(address=here).count() >= MOST_FROM_A_PLACE:
        raise TooMany("too many sign-ins were begun from your address and not ended; wait 10 minutes and try again")
    if begun.count() >= MOST:
        raise TooMany("too many sign-ins were begun and not ended; sign in with a password, or wait 10 minutes")
