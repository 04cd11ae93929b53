from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from server.webhooks.sealing import SecretLost, headers, new_secret, seal, shown, unseal


def test_a_secret_is_kept_encrypted_and_for_its_webhook_alone(server_keys: None) -> None:
    webhook, secret = uuid4(), new_secret()
    stored = seal(webhook, secret)
    assert secret not in stored and seal(webhook, secret) != stored
    assert unseal(webhook, stored) == secret
    for wrong in ((uuid4(), stored), (webhook, stored[:-1] + bytes([stored[-1] ^ 1])), (webhook, b"")):
        with pytest.raises(SecretLost, match="add it again"):
            unseal(*wrong)


def test_signatures_are_those_of_the_standard() -> None:
    """Id, time, body and signature worked out apart, with `openssl dgst -sha256 -mac HMAC`."""
    secret = bytes(range(32))
    made = headers(secret, UUID("00000000-0000-0000-0000-000000000001"), 1700000000, b'{"a":1}')
    assert made["webhook-id"] == "00000000-0000-0000-0000-000000000001"
    assert made["webhook-timestamp"] == "1700000000"
    assert made["webhook-signature"] == "v1,iZk9z+z8vVrgUaqQENZ5SB/d47PMHRYOI3bDT+/YYBM="
    assert shown(secret) == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
