"""An OpenID provider on this machine that says what a test wants it to say, true or not."""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.cache import cache
from django.test import Client, override_settings
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from server.oidc_settings import Provider, read
from tests.server.accounts.signing_in import answer

CLIENT = "fleetscope"
Sign = Callable[["Lying", dict[str, Any]], str]


def honest(provider: Lying, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, provider.rsa)


RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})


@dataclass
class Lying:
    """`claims` replace honest ones (None takes one away), `sign` makes the token, `answers` replace whole answers."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Sign = honest
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    discovered: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    nonce: str = ""
    rsa: RSAKey = field(default_factory=lambda: RSA)
    ec: ECKey = field(default_factory=lambda: EC)

    def document(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            own = {name: f"{self.issuer}/{last}" for name, last in names.items()}
            return {"issuer": self.issuer, **own, **self.discovered}
        if path == "/keys":
            return {"keys": [self.rsa.as_dict(private=False), self.ec.as_dict(private=False)]}
        times = {"iat": after(0), "exp": after(300)}
        true = {"iss": self.issuer, "aud": CLIENT, "sub": "s-1", "nonce": self.nonce, **times}
        claims = {name: _at_last(value) for name, value in {**true, **self.claims}.items() if value is not None}
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(self, claims)}


def after(seconds: int) -> datetime.timedelta:
    """A time in a claim, counted from when the provider answers."""
    return datetime.timedelta(seconds=seconds)


def _at_last(value: Any) -> Any:
    return int(time.time() + value.total_seconds()) if isinstance(value, datetime.timedelta) else value


@contextmanager
def lying_provider(**variables: str) -> Iterator[Lying]:
    """The server under test knows it for as long; `variables` without their FLEETSCOPE_OIDC_."""
    lying = Lying()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lying))
    lying.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with override_settings(OIDC=known(lying.issuer, **variables)):
            yield lying
    finally:
        cache.clear()
        server.shutdown()
        server.server_close()
        thread.join()


def known(issuer: str = "https://id.example", **variables: str) -> Provider:
    given = {"ISSUER": issuer, "CLIENT_ID": CLIENT, "NAME": "Example", **variables}
    found = read({f"FLEETSCOPE_OIDC_{name}": value for name, value in given.items()})
    assert found is not None
    return found


def leave(browser: Client, lying: Lying, path: str = "begin") -> dict[str, str]:
    """The provider's side of the redirect: what the browser was sent there with."""
    query = parse_qs(urlsplit(answer(browser, f"oidc/{path}")["address"]).query)
    lying.nonce = query["nonce"][0]
    return {name: values[0] for name, values in query.items()}


def _handler(lying: Lying) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = lying.answers.get(self.path) or (200, json.dumps(lying.document(self.path)).encode())
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", f"{lying.issuer}/keys")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            lying.asked.append({name: values[0] for name, values in form.items()})
            lying.headers.append(self.headers.get("Authorization", ""))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    return Handler
