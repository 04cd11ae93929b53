"""How people come, as the audit tells it: the address, and the API token or the browser's sign-in."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from server.accounts.auth import address_of
from server.accounts.browsers import public_id
from server.accounts.models import User
from server.audit.way import Facts, coming


class Way:
    """Middleware behind the one that loads the session: what a request puts on record says how it came."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with coming(lambda: of_request(request)):
            return self._get_response(request)


def of_request(request: HttpRequest) -> Facts:
    """As far as it is known by now who it is."""
    user, address = getattr(request, "auth", None), address_of(request)
    if isinstance(user, User) and user.token is not None:
        return {"address": address, "token": user.token.name, "token_id": user.token.pk}
    return {"address": address, **_sign_in(request.session)}


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


def _sign_in(session: SessionBase) -> Facts:
    """The name by which people find it in their list of sign-ins; nothing before they are signed in."""
    key = session.session_key
    return {"sign_in": public_id(key)} if key and SESSION_KEY in session else {}
