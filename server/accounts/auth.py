"""Who sends this request: the command's bearer token, or the browser's session cookie with its CSRF proof."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.utils import check_csrf

from server.accounts import tokens
from server.accounts.models import User
from server.errors import Forbidden, NotSignedIn


class Authenticated(HttpBearer):
    """django-ninja's ``auth``; the person is then ``request.auth``."""

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" in request.headers:
            return super().__call__(request) or _refuse("the API token is not valid; run `fleetscope login`")
        user = request.user
        if not isinstance(user, User):
            return _refuse("sign in first")
        if check_csrf(request) is not None:
            raise Forbidden("the request lacks its CSRF proof; reload the page")
        return user

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        return tokens.owner(token)


def person(request: HttpRequest) -> User:
    """The signed-in person of an API request."""
    user = getattr(request, "auth", None)
    if not isinstance(user, User):
        raise NotSignedIn("sign in first")
    return user


def _refuse(message: str) -> None:
    raise NotSignedIn(message)
