"""How many wrong passwords are too many: strangers who guess slow down themselves, not whose name they try."""

from __future__ import annotations

import datetime
import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Q
from django.utils import timezone

from server.accounts.models import FailedLogin, KnownPlace, User
from server.audit.models import AuditEntry
from server.audit.record import record
from server.audit.way import via
from server.errors import TooMany

WINDOW = datetime.timedelta(minutes=1)
KNOWN_FOR = datetime.timedelta(days=30)
MAX_PER_PAIR = 5
MAX_PER_KNOWN_PAIR = 20
MAX_PER_PLACE = 20
MAX_PER_NAME = 50
UNNAMED_PROXY = "unnamed_proxy"  # of the facts about a way; server/accounts/ways.py
_IPV6_PREFIX = 64  # one subscriber has at least as many addresses
_WHAT = {
    "pair": "for {name} from your address; wait a minute and try again",
    "place": "from your address; wait a minute and try again",
    "name": "for {name}; wait a minute, or sign in from an address where this name signed in before",
}


@contextmanager
def attempt(name: str, user: User | None, address: str, typed: str = "") -> Iterator[None]:
    """Of something that can be guessed. It counts as wrong from before it is looked at, so that of many at the same
    moment no more get through than one after the other; it is given back unless it ends in an exception.

    `typed`: the name as the person wrote it, for them to read. Raises TooMany.
    """
    counted = failed(name, address)
    try:
        check(name, user, address, typed=typed, but=counted)
    except TooMany:
        counted.delete()
        raise
    yield
    counted.delete()


def check(name: str, user: User | None, address: str, *, typed: str = "", but: FailedLogin | None = None) -> None:
    """Raises TooMany. Where `user` signed in lately, only wrong passwords for this name from there count."""
    since = timezone.now() - WINDOW
    FailedLogin.objects.filter(at__lt=since).delete()
    limit = _reached(name, user, place(address), but.pk if but else 0)
    if limit is not None:
        _record_once(limit, user.username if user else name, address, since)
        raise TooMany(f"too many wrong tries {_WHAT[limit].format(name=typed or name)}{_unnamed_proxy()}")


def failed(name: str, address: str) -> FailedLogin:
    return FailedLogin.objects.create(username=name, address=place(address), at=timezone.now())


def succeeded(user: User, address: str) -> None:
    now = timezone.now()
    KnownPlace.objects.filter(at__lt=now - KNOWN_FOR).delete()
    KnownPlace.objects.update_or_create(user=user, address=place(address), defaults={"at": now})


def place(address: str) -> str:
    """What one guesser has: an IPv4 address, or a whole network of IPv6 addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, _IPV6_PREFIX), strict=False))


def _reached(name: str, user: User | None, here: str, but: int) -> str | None:
    like = FailedLogin.objects.filter(Q(username=name) | Q(address=here)).exclude(pk=but)
    failures = Counter(like.values_list("username", "address"))
    pair = failures[name, here]
    if _is_known(user, here):
        return "pair" if pair >= MAX_PER_KNOWN_PAIR else None
    if pair >= MAX_PER_PAIR:
        return "pair"
    if sum(count for (_, from_), count in failures.items() if from_ == here) >= MAX_PER_PLACE:
        return "place"
    return "name" if sum(count for (tried, _), count in failures.items() if tried == name) >= MAX_PER_NAME else None


def _unnamed_proxy() -> str:
    """What an admin has to do about it, where everybody comes from the address of one proxy."""
    if UNNAMED_PROXY not in via():
        return ""
    return "; everybody behind this proxy counts as one: an admin has to name it in FLEETSCOPE_PROXIES"


def _is_known(user: User | None, here: str) -> bool:
    since = timezone.now() - KNOWN_FOR
    return user is not None and KnownPlace.objects.filter(user=user, address=here, at__gte=since).exists()


def _record_once(limit: str, actor: str, address: str, since: datetime.datetime) -> None:
    """Once a minute: for a name from a place, or for a place that tries one name after the other."""
    detail = {"address": address, "place": place(address), "limit": limit}
    same = AuditEntry.objects.filter(
        action="account.limit", time__gte=since, detail__place=detail["place"], detail__limit=limit
    )
    if not (same if limit == "place" else same.filter(actor=actor)).exists():
        record("account.limit", actor, "refused", detail=detail)
