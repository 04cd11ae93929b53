from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server import keys
from server.signing import sign
from tests.settings import ENV


def test_hosts_can_verify_it_and_it_stands_for_one_kind_of_message_only(server_keys: None) -> None:
    public = Ed25519PublicKey.from_public_bytes(keys.command_public(ENV.keys))
    signature = sign(b"one\0", b"payload")
    public.verify(signature, b"one\0payload")
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"two\0payload")
