"""The OpenID provider's side of a sign-in: where to send the browser, and what came back with it.

Code flow with PKCE, state and nonce. Nothing is believed before its signature, issuer and audience are checked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from django.conf import settings
from django.core.cache import cache
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server.errors import Conflict, NotSignedIn, ProviderFailed
from server.oidc_settings import Provider, secure

ALGORITHMS = ["RS256", "ES256"]
LEEWAY = 60  # seconds that the two clocks may differ by
TIMEOUT = 10.0  # seconds for each answer
MAX_BYTES = 512 * 1024
DISCOVERY_SECONDS = 300
MAX_SUBJECT = 255
SIGN_OUT = "end_session_endpoint"  # which not every provider has

Claims = dict[str, Any]
Flow = dict[str, str]


def provider() -> Provider:
    """Raises Conflict."""
    found: Provider | None = settings.OIDC
    if found is None:
        raise Conflict("this server knows no OpenID provider; sign in with your password")
    return found


def return_address() -> str:
    return f"{settings.PASSKEY_ORIGIN}/login/oidc"


def begin() -> tuple[str, Flow]:
    """(address to send the browser to, what to keep until it returns). Raises ProviderFailed."""
    known = provider()
    flow = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    digest = hashlib.sha256(flow["verifier"].encode()).digest()
    query = {
        "response_type": "code",
        "client_id": known.client_id,
        "redirect_uri": return_address(),
        "scope": "openid profile",
        "state": flow["state"],
        "nonce": flow["nonce"],
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    address = _discovered(known)["authorization_endpoint"]
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}", flow


def finish(flow: Flow, code: str) -> tuple[Claims, str]:
    """Who the provider says it is, and the token that says so. Raises ProviderFailed or NotSignedIn."""
    known = provider()
    found = _discovered(known)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": return_address(),
        "code_verifier": flow["verifier"],
        **({} if known.secret_file else {"client_id": known.client_id}),
    }
    answer = _fetch("POST", found["token_endpoint"], data=form, headers=_credentials(known))
    keys = _fetch("GET", found["jwks_uri"])
    token = str(answer.get("id_token"))
    return _checked(known, token, keys, flow["nonce"]), token


def sign_out_address(token: str) -> str | None:
    """Where a browser that signed in with this token ends its sign-in at the provider; null: nowhere, or not now.

    https://openid.net/specs/openid-connect-rpinitiated-1_0.html
    """
    known = provider()
    try:
        address = _discovered(known).get(SIGN_OUT)
    except ProviderFailed:
        return None  # who signs out is not kept waiting for it
    back = {"post_logout_redirect_uri": f"{settings.PASSKEY_ORIGIN}/login"}
    query = urlencode({"id_token_hint": token, "client_id": known.client_id, **back})
    return f"{address}{'&' if urlsplit(address).query else '?'}{query}" if address else None


def _discovered(known: Provider) -> dict[str, str]:
    key = f"oidc-{hashlib.sha256(known.issuer.encode()).hexdigest()}"
    kept: dict[str, str] | None = cache.get(key)
    if kept is not None:
        return kept
    document = _fetch("GET", f"{known.issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != known.issuer:
        raise _failed(f"it calls itself {str(document.get('issuer'))[:200]!r} and not {known.issuer!r}")
    found = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        address = document.get(name)
        if not isinstance(address, str) or not secure(address):
            raise _failed(f"its {name} is no https address")
        found[name] = address
    if isinstance(out := document.get(SIGN_OUT), str) and secure(out):
        found[SIGN_OUT] = out
    cache.set(key, found, DISCOVERY_SECONDS)
    return found


def _credentials(known: Provider) -> dict[str, str]:
    if known.secret_file is None:
        return {}
    try:
        secret = known.secret_file.read_text().strip()
    except OSError as error:
        raise ProviderFailed(
            f"the client's secret cannot be read: {error}; check FLEETSCOPE_OIDC_CLIENT_SECRET_FILE"
        ) from error
    pair = f"{quote(known.client_id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _fetch(method: str, address: str, **options: Any) -> dict[str, Any]:
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream(method, address, **options) as reply,
        ):
            body = _body(reply)
            status = reply.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _failed(f"{urlsplit(address).netloc} does not answer ({type(error).__name__})") from error
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if status != httpx.codes.OK:
        reason = found.get("error") if isinstance(found, dict) else None
        raise _failed(f"{urlsplit(address).path} answers {status}{f' ({str(reason)[:80]})' if reason else ''}")
    if not isinstance(found, dict):
        raise _failed(f"{urlsplit(address).path} answers something else than a JSON object")
    return found


def _body(reply: httpx.Response) -> bytes:
    """Of bounded length, in bounded time."""
    deadline, body = time.monotonic() + TIMEOUT, b""
    for part in reply.iter_bytes():
        body += part
        if len(body) > MAX_BYTES or time.monotonic() > deadline:
            raise _failed(f"{reply.url.path} answers with too much or too slowly")
    return body


def _checked(known: Provider, text: str, keys: Any, nonce: str) -> Claims:
    rules = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": known.issuer},
        aud={"essential": True, "value": known.client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        claims = jwt.decode(text, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
        rules.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise _unbelievable(str(error)) from error
    audience = claims["aud"]
    if "azp" in claims and claims["azp"] != known.client_id:
        raise _unbelievable("it was made for another client")
    if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
        raise _unbelievable("it is for several and does not say who asked for it")
    if not 0 < len(claims["sub"]) <= MAX_SUBJECT:
        raise _unbelievable("its subject is empty or too long")
    return claims


def _unbelievable(cause: str) -> NotSignedIn:
    line = " ".join(cause.split())[:200]
    return NotSignedIn(
        f"what {provider().name} says about you is not to be believed: {line}; start again, or tell an admin"
    )


def _failed(cause: str) -> ProviderFailed:
    known = provider()
    return ProviderFailed(
        f"{known.name} cannot be asked who you are: {cause}; try again, or have an admin check {known.issuer}"
    )
