from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import override_settings
from joserfc import jwt
from joserfc.jwk import RSAKey

from server.accounts import openid
from server.errors import Conflict, NotSignedIn, ProviderFailed
from tests.server.accounts.oidc import CLIENT, Lying, after, known, lying_provider


@pytest.fixture
def lying() -> Iterator[Lying]:
    with lying_provider() as found:
        yield found


def signed_in(lying: Lying) -> dict[str, Any]:
    _, flow = openid.begin()
    lying.nonce = flow["nonce"]
    return openid.finish(flow, "the-code")[0]


def test_an_honest_answer_is_believed_with_either_kind_of_key(lying: Lying) -> None:
    assert signed_in(lying)["sub"] == "s-1"
    lying.sign = lambda self, claims: jwt.encode({"alg": "ES256", "kid": "ec"}, claims, self.ec)
    assert signed_in(lying)["sub"] == "s-1"
    lying.claims = {"aud": [CLIENT, "another"], "azp": CLIENT, "exp": after(-30), "iat": after(30)}
    assert signed_in(lying)["sub"] == "s-1", "clocks may differ by a minute"


def test_the_code_is_exchanged_with_the_verifier_of_its_challenge(lying: Lying) -> None:
    address, flow = openid.begin()
    lying.nonce = flow["nonce"]
    openid.finish(flow, "the-code")
    asked = lying.asked[-1]
    digest = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert f"code_challenge={digest}&code_challenge_method=S256" in address
    assert (asked["code"], asked["redirect_uri"]) == ("the-code", "http://localhost:8000/login/oidc")
    assert lying.headers == [""]


def test_a_sign_in_ends_at_the_provider_where_it_says_how(lying: Lying) -> None:
    assert openid.sign_out_address("token") is None
    cache.clear()
    lying.discovered = {"end_session_endpoint": f"{lying.issuer}/out?realm=one"}
    address = openid.sign_out_address("a.b.c")
    assert address is not None
    assert address.startswith(f"{lying.issuer}/out?realm=one&")
    assert {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} == {
        "realm": "one",
        "id_token_hint": "a.b.c",
        "client_id": CLIENT,
        "post_logout_redirect_uri": "http://localhost:8000/login",
    }


@pytest.mark.parametrize("end", ["http://elsewhere.example/out", "javascript:alert(1)", 7])
def test_an_address_that_is_not_secure_ends_nothing(lying: Lying, end: object) -> None:
    lying.discovered = {"end_session_endpoint": end}
    assert openid.sign_out_address("token") is None


def test_a_provider_that_is_away_keeps_nobody_from_signing_out(lying: Lying) -> None:
    lying.answers["/.well-known/openid-configuration"] = (503, b"{}")
    assert openid.sign_out_address("token") is None


def test_a_client_with_a_secret_shows_it_to_the_provider_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret/+\n")
    with lying_provider(CLIENT_SECRET_FILE=str(file)) as lying:
        signed_in(lying)
        assert base64.b64decode(lying.headers[-1].removeprefix("Basic ")) == b"fleetscope:s3cret%2F%2B"
        file.unlink()
        with pytest.raises(ProviderFailed, match="CLIENT_SECRET_FILE"):
            signed_in(lying)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"nonce": "replayed"},
        {"nonce": None},
        {"exp": after(-120)},
        {"exp": None},
        {"iat": after(600)},
        {"iat": None},
        {"nbf": after(600)},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_false_claim_is_not_believed(lying: Lying, claims: dict[str, Any]) -> None:
    lying.claims = claims
    with pytest.raises(NotSignedIn, match="not to be believed"):
        signed_in(lying)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unsigned(_: Lying, claims: dict[str, Any]) -> str:
    return ".".join([_base64(b'{"alg":"none"}'), _base64(json.dumps(claims).encode()), ""])


def _with_the_public_key(lying: Lying, claims: dict[str, Any]) -> str:
    head = _base64(json.dumps({"alg": "HS256", "kid": "rsa"}).encode())
    text = f"{head}.{_base64(json.dumps(claims).encode())}"
    return f"{text}.{_base64(hmac.digest(lying.rsa.as_pem(private=False), text.encode(), 'sha256'))}"


def _with_a_key_of_its_own(_: Lying, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, RSAKey.generate_key(2048))


def _with_a_key_it_brings(_: Lying, claims: dict[str, Any]) -> str:
    own = RSAKey.generate_key(2048, {"kid": "own"})
    return jwt.encode({"alg": "RS256", "kid": "own", "jwk": own.as_dict(private=False)}, claims, own)


def _with_a_longer_hash(lying: Lying, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS512", "kid": "rsa"}, claims, lying.rsa, algorithms=["RS512"])


def _changed(lying: Lying, claims: dict[str, Any]) -> str:
    head, _, signature = jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, lying.rsa).split(".")
    return f"{head}.{_base64(json.dumps({**claims, 'sub': 's-2'}).encode())}.{signature}"


@pytest.mark.parametrize(
    "sign",
    [
        _unsigned,
        _with_the_public_key,
        _with_a_key_of_its_own,
        _with_a_key_it_brings,
        _with_a_longer_hash,
        _changed,
        lambda *_: "nonsense",
        lambda *_: "",
    ],
)
def test_a_false_signature_is_not_believed(lying: Lying, sign: Any) -> None:
    lying.sign = sign
    with pytest.raises(NotSignedIn, match="not to be believed"):
        signed_in(lying)


@pytest.mark.parametrize(
    ("path", "status", "body", "said"),
    [
        ("/.well-known/openid-configuration", 404, b"", "404"),
        ("/.well-known/openid-configuration", 200, b"[1]", "something else than a JSON object"),
        ("/.well-known/openid-configuration", 200, b"<html>", "something else than a JSON object"),
        ("/token", 400, b'{"error": "invalid_grant"}', "invalid_grant"),
        ("/keys", 302, b"", "302"),
        ("/keys", 200, b"{" + b" " * openid.MAX_BYTES, "too much"),
    ],
)
def test_a_provider_that_fails_is_named_with_the_cause(
    lying: Lying, path: str, status: int, body: bytes, said: str
) -> None:
    lying.answers[path] = (status, body)
    with pytest.raises(ProviderFailed, match=said) as caught:
        signed_in(lying)
    assert caught.value.message.startswith("Example cannot be asked who you are: ")


@pytest.mark.parametrize(
    "discovered",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "http://other.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": 7},
    ],
    ids=str,
)
def test_a_provider_that_points_elsewhere_is_not_followed(lying: Lying, discovered: dict[str, Any]) -> None:
    lying.discovered = discovered
    with pytest.raises(ProviderFailed):
        openid.begin()


def test_a_provider_that_is_away_and_one_that_is_not_there() -> None:
    with override_settings(OIDC=known("http://127.0.0.1:9")), pytest.raises(ProviderFailed, match="does not answer"):
        openid.begin()
    with pytest.raises(Conflict, match="password"):
        openid.begin()
