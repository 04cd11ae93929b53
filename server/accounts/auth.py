"""Who sends this request: the command's bearer token, or the browser's session cookie with its CSRF proof."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.utils import check_csrf

from server.accounts import guessing, tokens
from server.accounts.browsers import store_of
from server.accounts.models import User
from server.accounts.policy import Action, require
from server.audit.record import record_once
from server.errors import Forbidden, NotSignedIn

TOKENS = "an API token"  # no name of a person: those hold no spaces


class Authenticated(HttpBearer):
    """django-ninja's ``auth``; the person is then ``request.auth``."""

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" in request.headers:
            return self._bearer(request)
        user = request.user
        if not isinstance(user, User):
            raise NotSignedIn("sign in first")
        if check_csrf(request) is not None:
            raise Forbidden("the request lacks its CSRF proof; reload the page")
        store_of(request).seen()
        return user

    def authenticate(self, request: HttpRequest, token: str) -> User | None:  # noqa: ARG002 (django-ninja's signature)
        return tokens.owner(token)

    def _bearer(self, request: HttpRequest) -> Any:
        user = super().__call__(request)
        if user is None:
            address = address_of(request)
            guessing.check(TOKENS, None, address)
            guessing.failed(TOKENS, address)
            record_once("account.login", TOKENS, "refused", detail={"address": address, "how": "token"})
            raise NotSignedIn("the API token is not valid or has expired; run `fleetscope login`")
        return user


def address_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def person(request: HttpRequest) -> User:
    """The signed-in person of an API request."""
    user = getattr(request, "auth", None)
    if not isinstance(user, User):
        raise NotSignedIn("sign in first")
    return user


def changing(request: HttpRequest) -> User:
    """The signed-in person, who is about to change something of their own account. Raises Forbidden."""
    user = person(request)
    require(user, Action.OWN_CHANGE)
    return user
