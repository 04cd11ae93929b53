"""Passkeys (WebAuthn): made, listed, and an assertion over any challenge verified.

The same credential signs people in and specifications of sessions: `verify` knows nothing of sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils import timezone
from fido2.cose import ES256, EdDSA
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from proto.signatures import PASSKEY, PersonKey
from server.accounts.credentials import Passkey
from server.accounts.models import User
from server.errors import Conflict, Invalid

MAX_PER_PERSON = 20
ES256_ALGORITHM, EDDSA_ALGORITHM = ES256.ALGORITHM, EdDSA.ALGORITHM  # COSE's numbers
_VERIFIED = UserVerificationRequirement.REQUIRED  # a finger or a PIN: two factors in one
Options = dict[str, Any]  # JSON for the browser
Response = Mapping[str, Any]  # JSON that the browser's `toJSON()` gave


def creation(user: User) -> tuple[Options, bytes]:
    """(options for `navigator.credentials.create`, their challenge). Raises Conflict."""
    own = list(user.passkeys.all())
    if len(own) >= MAX_PER_PERSON:
        raise Conflict(f"you have {len(own)} passkeys, the most there may be; remove one first")
    entity = PublicKeyCredentialUserEntity(id=str(user.pk).encode(), name=user.username, display_name=user.username)
    options, state = _server().register_begin(
        entity, _descriptors(own), resident_key_requirement=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
    )
    return dict(options)["publicKey"], websafe_decode(state["challenge"])


def add(user: User, name: str, challenge: bytes, response: Response) -> Passkey:
    """Raises Invalid or Conflict."""
    try:
        made = _server().register_complete(_state(challenge), response).credential_data
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"the browser's answer is no passkey for this server: {error}; try again") from None
    if made is None or made.public_key.ALGORITHM not in (ES256_ALGORITHM, EDDSA_ALGORITHM):
        raise Invalid("the authenticator made no ES256 or EdDSA key; use another one")
    key = websafe_encode(made.credential_id)
    if Passkey.objects.filter(credential_id=key).exists():
        raise Conflict("this passkey is registered already; use it to sign in")
    return Passkey.objects.create(user=user, name=name, credential=bytes(made), credential_id=key)


def request_options(passkeys: Iterable[Passkey] | None, challenge: bytes | None = None) -> tuple[Options, bytes]:
    """(options for `navigator.credentials.get`, their challenge). None: whichever passkey the person picks."""
    descriptors = None if passkeys is None else _descriptors(passkeys)
    options, state = _server().authenticate_begin(descriptors, user_verification=_VERIFIED, challenge=challenge)
    return dict(options)["publicKey"], websafe_decode(state["challenge"])


def named_by(response: Response) -> Passkey | None:
    """The passkey that the answer claims to come from: nothing is checked yet."""
    return Passkey.objects.select_related("user").filter(credential_id=str(response.get("id", ""))).first()


def verify(passkey: Passkey, challenge: bytes, response: Response) -> int:
    """Check that this passkey signed exactly this challenge, for this server, with its person verified.

    The authenticator's count of signatures. Raises Invalid, which says what does not fit.
    """
    credential = AttestedCredentialData(bytes(passkey.credential))
    try:
        _server().authenticate_complete(_state(challenge), [credential], response)
        count = AuthenticationResponse.from_dict(response).response.authenticator_data.counter
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"the passkey's answer does not fit: {error}; try again") from None
    if passkey.sign_count and count <= passkey.sign_count:
        raise Invalid("the passkey's counter went back: it may have been copied; remove it and register a new one")
    return count


def used(passkey: Passkey, count: int) -> None:
    Passkey.objects.filter(pk=passkey.pk).update(sign_count=count, last_used_at=timezone.now())


def person_key(passkey: Passkey) -> PersonKey:
    """As hosts' policies list it."""
    cose = AttestedCredentialData(bytes(passkey.credential)).public_key
    public: Ed25519PublicKey | EllipticCurvePublicKey = (
        Ed25519PublicKey.from_public_bytes(cose[-2])
        if cose.ALGORITHM == EDDSA_ALGORITHM
        else EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x04" + cose[-2] + cose[-3])
    )
    return PersonKey(PASSKEY, public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _server() -> Fido2Server:
    server = Fido2Server(
        PublicKeyCredentialRpEntity(name="Fleetscope", id=settings.PASSKEY_RP_ID),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == settings.PASSKEY_ORIGIN,
    )
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=algorithm)
        for algorithm in (ES256_ALGORITHM, EDDSA_ALGORITHM)
    ]
    return server


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": websafe_encode(challenge), "user_verification": _VERIFIED}


def _descriptors(passkeys: Iterable[Passkey]) -> list[AttestedCredentialData | PublicKeyCredentialDescriptor]:
    return [AttestedCredentialData(bytes(passkey.credential)) for passkey in passkeys]
