from __future__ import annotations

import base64

import pytest

from proto.v1.agent_pb2 import Assertion, PersonSignature
from server.consent.signing import PasskeyIn, SignatureIn, read_signature
from server.errors import Invalid
from tests.server.consent.requests import ADA, armoured


def test_what_ssh_keygen_writes_is_read_with_its_fingerprint() -> None:
    made, key = read_signature(armoured(ADA, b"text"), b"text")
    assert made == ADA.sign(b"text")
    assert key.startswith("SHA256:")


def test_a_passkeys_answer_is_read_without_padding() -> None:
    parts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b"a", b"bb", b"ccc")]
    given = SignatureIn(passkey=PasskeyIn(authenticator_data=parts[0], client_data=parts[1], signature=parts[2]))
    expected = Assertion(authenticator_data=b"a", client_data=b"bb", signature=b"ccc")
    assert read_signature(given, b"text") == (PersonSignature(passkey=expected), "passkey")


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN SSH SIGNATURE-----\n???\n-----END SSH SIGNATURE-----"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="does not count"):
        read_signature(SignatureIn(ssh=text), b"text")
