"""A person's browsers: listed, and signed out from elsewhere."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from server import nudge
from server.accounts.browsers import SignIn, live
from server.accounts.models import User
from server.audit.record import record, record_once
from server.errors import NotFound

# What a browser calls itself holds the names of others too: the first that fits is the one.
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "macOS"}
_SYSTEMS |= {"CrOS": "ChromeOS", "Linux": "Linux"}


def of(user: User) -> QuerySet[SignIn]:
    """The newest first."""
    return live().filter(user=user).order_by("-since", "session_key")


def device(agent: str) -> str:
    """For a person to recognise; a browser may lie about it."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in agent), "")
    return " on ".join(filter(None, (browser, system))) or agent[:60] or "unknown"


def end(user: User, public_id: str, address: str) -> None:
    """One of their own. Raises NotFound."""
    with transaction.atomic():
        found = next((one for one in of(user) if one.public_id == public_id), None)
        if found is None:
            raise NotFound("you are not signed in there any more; list again")
        found.delete()
        detail = {"device": device(found.agent), "from": found.address, "address": address}
        record("account.sign_out", user.username, detail=detail)
        nudge.access_changed()


def end_others(user: User, kept: str | None, address: str) -> int:
    """All but the one with this key; how many there were."""
    with transaction.atomic():
        ended = _end_all(user, kept)
        record("account.sign_out", user.username, detail={"others": ended, "address": address})
    return ended


def end_all_of(actor: str, username: str) -> int:
    """For an admin: how many browsers of another person were signed out. Raises NotFound."""
    with transaction.atomic():
        user = named(username)
        ended = _end_all(user, None)
        record("user.sign_out", actor, detail={"user": user.username, "browsers": ended})
    return ended


def end_every_way(user: User) -> dict[str, int]:
    """Browsers and API tokens, as part of a change that is on the record itself and says how many there were."""
    _, tokens = user.tokens.all().delete()
    return {"browsers": _end_all(user, None), "tokens": sum(tokens.values())}


def forget(user: User, kept: str | None = None) -> None:
    """As part of a change that is on the record itself."""
    _end_all(user, kept)


def looked_at(actor: str, username: str, what: str) -> User:
    """The person whose sign-ins or tokens another one is shown, which is on the record. Raises NotFound."""
    user = named(username)
    like = {"detail__user": user.username, "detail__shown": what}
    record_once("user.view", actor, like=like, detail={"user": user.username, "shown": what})
    return user


def named(username: str) -> User:
    """Raises NotFound."""
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        raise NotFound(f"there is no user {username}")
    return user


def _end_all(user: User, kept: str | None) -> int:
    ended, _ = SignIn.objects.filter(user=user).exclude(session_key=kept or "").delete()
    nudge.access_changed()
    return ended
