from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticatorData

from proto.signatures import PASSKEY, PersonKey, parse_key
from proto.specification import challenge
from server.consent.signing import PasskeyIn, SignatureIn, read_signature
from server.errors import Invalid
from tests.server.accounts.authenticator import Authenticator
from tests.server.consent.requests import ADA, armoured


def key_of(device: Authenticator) -> PersonKey:
    der = device.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PersonKey(PASSKEY, der)


def test_what_ssh_keygen_writes_is_read_with_its_fingerprint() -> None:
    made, key = read_signature(armoured(ADA, b"text"), b"text", [])
    assert made == ADA.sign(b"text")
    assert key == parse_key(ADA.line)


def answer(device: Authenticator, payload: bytes) -> SignatureIn:
    """As a browser hands it in, without padding."""
    response = device.sign(websafe_encode(challenge(payload)))["response"]
    return SignatureIn(
        passkey=PasskeyIn(
            authenticator_data=response["authenticatorData"],
            client_data=response["clientDataJSON"],
            signature=response["signature"],
        )
    )


def test_a_passkeys_answer_is_read_where_the_key_is_of_who_signs() -> None:
    device, other = Authenticator(), Authenticator()
    made, key = read_signature(answer(device, b"text"), b"text", [key_of(other), key_of(device)])
    assert (key, made.HasField("passkey")) == (key_of(device), True)


@pytest.mark.parametrize(
    ("changes", "payload", "refusal"),
    [
        ({}, b"text, changed", "made for another specification"),
        ({"origin": "https://evil.example"}, b"text", "made on https://evil.example"),
        ({"rp_id": "evil.example"}, b"text", "belongs to another site"),
        ({"flags": AuthenticatorData.FLAG.UP}, b"text", "did not verify its owner"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, b"text", "no known passkey made it"),
    ],
)
def test_a_passkeys_answer_for_something_else_is_refused(changes: dict[str, Any], payload: bytes, refusal: str) -> None:
    device = Authenticator()
    given = answer(replace(device, **changes), b"text")
    with pytest.raises(Invalid, match=refusal):
        read_signature(given, payload, [key_of(device)])


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN SSH SIGNATURE-----\n???\n-----END SSH SIGNATURE-----"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="does not count"):
        read_signature(SignatureIn(ssh=text), b"text", [])
