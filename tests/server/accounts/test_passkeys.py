from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticatorData

from proto.signatures import parse_key
from server.accounts import passkeys
from server.accounts.credentials import Passkey
from server.accounts.models import User
from server.errors import Conflict, Invalid
from tests.server.accounts.authenticator import Authenticator

SPECIFICATION = b"the digest of the exact bytes of a specification"


@pytest.fixture
def ann(user: Callable[..., User]) -> User:
    return user("viewer", "ann")


def register(person: User, device: Authenticator) -> Passkey:
    options, challenge = passkeys.creation(person)
    return passkeys.add(person, "laptop", challenge, device.make(options["challenge"]))


def test_a_passkey_signs_any_challenge_and_nothing_else(ann: User) -> None:
    device = Authenticator()
    passkey = register(ann, device)
    options, challenge = passkeys.request_options([passkey], SPECIFICATION)
    assert (websafe_decode(options["challenge"]), challenge, options["rpId"]) == (
        SPECIFICATION,
        SPECIFICATION,
        "localhost",
    )
    answer = device.sign(options["challenge"])
    assert passkeys.named_by(answer) == passkey
    assert passkeys.verify(passkey, SPECIFICATION, answer) == 1
    with pytest.raises(Invalid, match="Wrong challenge"):
        passkeys.verify(passkey, SPECIFICATION + b".", answer)


@pytest.mark.parametrize(
    ("claim", "refusal"),
    [
        ({"origin": "https://evil.example"}, "origin"),
        ({"origin": "http://127.0.0.1:8000"}, "origin"),
        ({"rp_id": "evil.example"}, "RP ID"),
        ({"flags": AuthenticatorData.FLAG.UP}, "verif"),
        ({"flags": AuthenticatorData.FLAG.UV}, "Present"),
    ],
)
def test_an_answer_for_elsewhere_or_without_its_person_is_refused(
    ann: User, claim: dict[str, object], refusal: str
) -> None:
    device = Authenticator()
    passkey = register(ann, device)
    with pytest.raises(Invalid, match=refusal):
        passkeys.verify(passkey, SPECIFICATION, replace(device, **claim).sign(websafe_encode(SPECIFICATION)))  # type: ignore[arg-type]
    options, challenge = passkeys.creation(ann)
    with pytest.raises(Invalid, match=refusal):
        passkeys.add(ann, "other", challenge, replace(Authenticator(), **claim).make(options["challenge"]))  # type: ignore[arg-type]


def test_another_key_under_the_same_name_is_refused(ann: User) -> None:
    device = Authenticator()
    passkey = register(ann, device)
    forged = Authenticator(credential_id=device.credential_id)
    with pytest.raises(Invalid, match="signature"):
        passkeys.verify(passkey, SPECIFICATION, forged.sign(websafe_encode(SPECIFICATION)))


def test_a_counter_that_goes_back_is_a_copy(ann: User) -> None:
    device = Authenticator()
    passkey = register(ann, device)
    passkeys.used(passkey, 7)
    passkey.refresh_from_db()
    device.count = 6
    with pytest.raises(Invalid, match="copied"):
        passkeys.verify(passkey, SPECIFICATION, device.sign(websafe_encode(SPECIFICATION)))
    assert passkeys.verify(passkey, SPECIFICATION, device.sign(websafe_encode(SPECIFICATION))) == 8


@pytest.mark.parametrize(
    "answer", [{}, {"id": "x"}, {"id": "AQ", "rawId": "AQ", "response": {}}, {"id": 1, "rawId": []}]
)
def test_nonsense_is_refused(ann: User, answer: dict[str, object]) -> None:
    passkey = register(ann, Authenticator())
    with pytest.raises(Invalid):
        passkeys.verify(passkey, SPECIFICATION, answer)
    with pytest.raises(Invalid):
        passkeys.add(ann, "x", SPECIFICATION, answer)


def test_a_device_is_registered_once_and_there_is_an_end(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Authenticator()
    register(ann, device)
    with pytest.raises(Conflict, match="registered already"):
        register(ann, device)
    monkeypatch.setattr(passkeys, "MAX_PER_PERSON", 1)
    with pytest.raises(Conflict, match="remove one first"):
        passkeys.creation(ann)


def test_the_public_key_is_what_a_host_lists(ann: User) -> None:
    device = Authenticator()
    key = passkeys.person_key(register(ann, device))
    assert key.blob == device.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert parse_key(key.line) == key
