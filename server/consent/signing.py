"""Reads the signatures that people hand in. Whose keys count, each host decides by its own policy; what is checked here
spares people the way there with a signature that fits nothing: passkeys must be registered by who signs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Annotated

from django.conf import settings
from ninja import Schema
from pydantic import Field

from proto.signatures import SIGNATURE_MAX, PersonKey, SignatureError, Site, signed_by, ssh_key, verify_ssh
from proto.v1.agent_pb2 import Assertion, PersonSignature
from server.errors import Invalid

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
Text = Annotated[str, Field(max_length=SIGNATURE_MAX)]


class PasskeyIn(Schema):
    """WebAuthn's answer, each part in base64url."""

    authenticator_data: Text
    client_data: Text
    signature: Text


class SignatureIn(Schema):
    """Either what `ssh-keygen -Y sign` wrote, or a passkey's answer."""

    ssh: Text = ""
    passkey: PasskeyIn | None = None


def read_signature(
    given: SignatureIn, specification: bytes, passkeys: Iterable[PersonKey]
) -> tuple[PersonSignature, PersonKey]:
    """The signature and its key. ``passkeys``: of who signs. Raises Invalid."""
    try:
        if given.passkey is not None:
            made = _passkey(given.passkey)
            return made, signed_by(made, specification, passkeys, Site(settings.PASSKEY_RP_ID, settings.PASSKEY_ORIGIN))
        raw = _unarmoured(given.ssh)
        verify_ssh(raw, specification)
        return PersonSignature(ssh=raw), ssh_key(raw)
    except (SignatureError, binascii.Error, ValueError) as error:
        raise Invalid(f"the signature does not count: {error}", field="signature") from error


def _unarmoured(text: str) -> bytes:
    lines = text.strip().splitlines()
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise SignatureError("it is not what `ssh-keygen -Y sign` writes")
    return base64.b64decode("".join(lines[1:-1]), validate=True)


def _passkey(given: PasskeyIn) -> PersonSignature:
    data, client, signature = (
        base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        for text in (given.authenticator_data, given.client_data, given.signature)
    )
    return PersonSignature(passkey=Assertion(authenticator_data=data, client_data=client, signature=signature))
