"""What every HTTP answer carries and every unsafe request must show, from the first page on."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from server.errors import ApiError, ForeignOrigin, WrongHost
from server.refusals import refusal

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The browser then refuses every string that would become HTML. Swagger, which draws the documentation, makes such.
_NO_HTML_FROM_STRINGS = "; require-trusted-types-for 'script'"
_DOCUMENTATION = "/api/docs"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Handler = Callable[[HttpRequest], HttpResponse]


class SecurityHeaders:
    """Content Security Policy with a fresh nonce (`request.csp_nonce`), no framing, no sniffing."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self._get_response(request)
        response.headers["Content-Security-Policy"] = policy(request.path, nonce)
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class HostCheck:
    """Refuses a request that calls the server by a name not its own: Django would log a traceback for each."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            name, home = request.META.get("HTTP_HOST", "")[:100], settings.ALLOWED_ORIGINS[0]
            return refusal(
                WrongHost(
                    f"the server does not go by the name {name!r}; open it at {home}, "
                    "or set FLEETSCOPE_HTTP on the server to the address that people use"
                )
            )
        return self._get_response(request)


class NulCheck:
    """Refuses NUL in an address: no name holds one, and PostgreSQL takes none."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" not in request.path and "%00" not in request.META.get("QUERY_STRING", ""):
            return self._get_response(request)
        return refusal(ApiError("the address holds a NUL byte; leave it out"))


def policy(path: str, nonce: str) -> str:
    """The Content Security Policy of an answer."""
    return _POLICY.format(nonce=nonce) + ("" if path == _DOCUMENTATION else _NO_HTML_FROM_STRINGS)


class OriginCheck:
    """Refuses an unsafe request from another origin, signed in or not: a foreign page cannot sign anyone in either."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = request.headers.get("Origin")
        if origin is None or request.method in _SAFE_METHODS or origin in settings.ALLOWED_ORIGINS:
            return self._get_response(request)
        home = settings.ALLOWED_ORIGINS[0]
        return refusal(ForeignOrigin(f"requests from {origin} are refused; open Fleetscope at {home}"))
