"""How people come, as the audit tells it: the address, and the API token or the browser's sign-in."""

from __future__ import annotations

import getpass
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from server.accounts.auth import address_of
from server.accounts.browsers import public_id
from server.accounts.guessing import UNNAMED_PROXY
from server.accounts.models import User
from server.audit.way import Facts, coming

log = logging.getLogger(__name__)

_MOST_TOLD = 100
_told: set[str] = set()


class Way:
    """Middleware behind the one that loads the session: what a request puts on record says how it came."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        _tell_of_unnamed_proxy(request)
        with coming(lambda: of_request(request)):
            return self._get_response(request)


def of_request(request: HttpRequest) -> Facts:
    """As far as it is known by now who it is."""
    user, address = getattr(request, "auth", None), address_of(request)
    if isinstance(user, User) and user.token is not None:
        return {"address": address, **_through(request), "token": user.token.name, "token_id": user.token.pk}
    return {"address": address, **_through(request), **_sign_in(request.session)}


def of_socket(scope: Mapping[str, Any]) -> Facts:
    client = scope.get("client") or ("",)
    return {"address": str(client[0]), **_sign_in(scope["session"])}


def of_console() -> Facts:
    """Who runs a command on the server, as far as it says so."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())  # an account without a name, as in a container
    return {"console": name}


def _through(request: HttpRequest) -> Facts:
    """Whether the address is that of a proxy that the settings do not name, so that everybody seems to come from it.

    Of one that is named, uvicorn has put in the place of its own address one that it tells.
    """
    told = request.headers.get("X-Forwarded-For", "")
    named = address_of(request) in [part.strip() for part in told.split(",")]
    return {UNNAMED_PROXY: 1} if told and not named else {}


def _tell_of_unnamed_proxy(request: HttpRequest) -> None:
    """Once for each, as far as they fit."""
    if not _through(request) or (proxy := address_of(request)) in _told or len(_told) >= _MOST_TOLD:
        return
    _told.add(proxy)
    log.warning(
        "%s forwards requests and is not named in FLEETSCOPE_PROXIES: everybody behind it counts as one address, in "
        "the audit and for wrong passwords, so that one who guesses may keep others out; name it if it is your proxy",
        proxy,
    )


def _sign_in(session: SessionBase) -> Facts:
    """The name by which people find it in their list of sign-ins; nothing before they are signed in."""
    key = session.session_key
    return {"sign_in": public_id(key)} if key and SESSION_KEY in session else {}
