"""The steps of signing in at a browser: a first proof, then a second factor if the person has one or needs one.

Between the steps the session holds only who is half signed in; it opens nothing but the next step.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from django.contrib.auth import login
from django.http import HttpRequest

from server.accounts import codes, factors, guessing, half_way, passkeys
from server.accounts.auth import address_of
from server.accounts.browsers import SessionStore, store_of
from server.accounts.credentials import Passkey
from server.accounts.models import User
from server.audit.record import record
from server.errors import ConfirmFirst, Forbidden, Invalid, NotSignedIn, TooMany

PENDING_SECONDS = half_way.SECONDS
CHALLENGE_SECONDS = 300
FRESH_SECONDS = 900
_PENDING, _CHALLENGE, _CONFIRMED = "pending_sign_in", "passkey_challenge", "confirmed_at"
StepName = Literal["done", "factor", "enrol"]


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next. `methods`: ways to show the second factor."""

    name: StepName
    user: User
    methods: list[str]


def first(request: HttpRequest, user: User, how: str, *, strong: bool = False) -> Step:
    """The first proof is given. `strong`: it was two factors in one."""
    owned = factors.of(user)
    if strong or not (owned.any or factors.demanded(user)):
        return _enter(request, user, how)
    name: StepName = "factor" if owned.any else "enrol"
    request.session.cycle_key()
    request.session[_PENDING] = {"user": user.pk, "step": name, "how": how, "at": time.time()}
    request.session.set_expiry(PENDING_SECONDS)
    record("account.login", user.username, "asked", detail={"address": address_of(request), "how": how, "for": name})
    return Step(name, user, owned.methods)


def pending(request: HttpRequest, name: StepName) -> User:
    """Who is half signed in and at this step. Raises NotSignedIn."""
    found = request.session.get(_PENDING)
    if found and found["step"] == name and time.time() - found["at"] < PENDING_SECONDS:
        user = User.objects.filter(pk=found["user"], is_active=True).first()
        if user is not None:
            return user
    raise NotSignedIn("this sign-in took too long or was never begun; start again with your user name")


def code(request: HttpRequest, text: str) -> Step:
    """The second factor as a code. Raises NotSignedIn or TooMany."""
    user = pending(request, "factor")
    kind = check_code(user, text, address_of(request))
    return _enter(request, user, f"{request.session[_PENDING]['how']}+{kind}")


def check_code(user: User, text: str, address: str) -> str:
    """What it was, now used up. Raises NotSignedIn or TooMany; both are on the record."""
    facts = {"address": address, "how": "code"}
    try:
        kind = codes.use(user, text)
    except TooMany:
        record("account.limit", user.username, "refused", detail={**facts, "limit": "code"})
        raise
    if kind is None:
        record("account.login", user.username, "refused", detail=facts)
        raise NotSignedIn("the code is wrong or was used before; wait for the next one, or use a recovery code")
    return kind


def enrolled(request: HttpRequest) -> Step:
    """A demanded factor was set up, which shows it too. Raises NotSignedIn or Forbidden."""
    user = pending(request, "enrol")
    if not factors.of(user).any:
        raise Forbidden("set up an authenticator app or a passkey first")
    return _enter(request, user, f"{request.session[_PENDING]['how']}+enrolled")


def passkey(request: HttpRequest, response: passkeys.Response) -> Step:
    """A passkey alone, or as the second factor. Raises NotSignedIn or TooMany."""
    half = request.session.get(_PENDING)
    user = _passkey_owner(request, response)
    if half and half["step"] == "factor" and half["user"] != user.pk:
        raise NotSignedIn(f"this passkey is {user.username}'s; use one of your own, or start again")
    return _enter(request, user, f"{half['how']}+passkey" if half else "passkey")


def challenge(request: HttpRequest) -> passkeys.Options:
    """Options for the browser: of who is signed in or half so, else whichever passkey the person picks."""
    half = request.session.get(_PENDING)
    user = request.user.pk if isinstance(request.user, User) else half and half["user"]
    options, nonce = passkeys.request_options(Passkey.objects.filter(user=user) if user else None)
    remember(request, nonce)
    return options


def remember(request: HttpRequest, nonce: bytes) -> None:
    """The challenge that this browser's next passkey answer has to fit. Raises TooMany."""
    half_way.begin(request)
    request.session[_CHALLENGE] = {"hex": nonce.hex(), "at": time.time()}


def take_challenge(request: HttpRequest) -> bytes:
    """Once. Raises Invalid."""
    found = request.session.pop(_CHALLENGE, None)
    if not found or time.time() - found["at"] > CHALLENGE_SECONDS:
        raise Invalid("the passkey was asked for too long ago; try again")
    return bytes.fromhex(found["hex"])


def confirm_code(request: HttpRequest, user: User, text: str) -> None:
    """Raises NotSignedIn or TooMany."""
    check_code(user, text, address_of(request))
    _confirmed(request, user, "code")


def confirm_password(request: HttpRequest, user: User, password: str) -> None:
    """Raises Invalid, Forbidden or TooMany."""
    if factors.of(user).any:
        raise Forbidden("confirm with your second factor: the password alone is not enough")
    name, address = user.username.lower(), address_of(request)
    with guessing.attempt(name, user, address):
        if not user.check_password(password):
            record("account.confirm", user.username, "refused", detail={"address": address, "how": "password"})
            raise Invalid("the password is wrong", field="password")
    _confirmed(request, user, "password")


def confirm_passkey(request: HttpRequest, user: User, response: passkeys.Response) -> None:
    """Raises NotSignedIn or TooMany."""
    if _passkey_owner(request, response) != user:
        raise NotSignedIn("this passkey is another person's; use one of your own")
    _confirmed(request, user, "passkey")


def require_fresh(request: HttpRequest) -> None:
    """Raises ConfirmFirst unless this browser's person proved lately who they are, Forbidden for a token."""
    if "Authorization" in request.headers:
        raise Forbidden("an API token cannot change how anybody signs in or make tokens; do it in the browser")
    if time.time() - request.session.get(_CONFIRMED, 0) > FRESH_SECONDS:
        raise ConfirmFirst("confirm that it is you")


def _passkey_owner(request: HttpRequest, response: passkeys.Response) -> User:
    found, address = passkeys.named_by(response), address_of(request)
    user = found.user if found is not None and found.user.is_active else None
    name = user.username.lower() if user else "a passkey"
    with guessing.attempt(name, user, address):
        try:
            if found is None or user is None:
                raise Invalid("this passkey is not registered here; sign in with your password and add it in Settings")
            passkeys.used(found, passkeys.verify(found, take_challenge(request), response))
        except Invalid as error:
            facts = {"address": address, "how": "passkey", "refusal": error.message}
            record("account.login", name, "refused", detail=facts)
            raise NotSignedIn(error.message) from None
        return user


def _confirmed(request: HttpRequest, user: User, how: str) -> None:
    request.session[_CONFIRMED] = time.time()
    record("account.confirm", user.username, detail={"address": address_of(request), "how": how})


def _enter(request: HttpRequest, user: User, how: str) -> Step:
    request.session.pop(_PENDING, None)
    request.session.set_expiry(None)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    store_of(request).begin(address_of(request), request.headers.get("User-Agent", ""))
    request.session[_CONFIRMED] = time.time()
    record("account.login", user.username, detail={"address": address_of(request), "how": how})
    guessing.succeeded(user, address_of(request))
    SessionStore.clear_expired()
    return Step("done", user, [])
