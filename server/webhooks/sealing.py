"""Secrets of webhooks: shown once, kept encrypted, and what they sign.

Signatures follow https://www.standardwebhooks.com: receivers have libraries for it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from server import keys

PREFIX = "whsec_"
_SECRET = 32
_NONCE = 12
_CONTEXT = b"fleetscope-webhook-v1\0"


class SecretLost(ValueError):
    """It was encrypted under the key of another server."""


def new_secret() -> bytes:
    return secrets.token_bytes(_SECRET)


def shown(secret: bytes) -> str:
    """As receivers are told it."""
    return PREFIX + base64.b64encode(secret).decode()


def seal(webhook: UUID, secret: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + _cipher().encrypt(nonce, secret, _CONTEXT + webhook.bytes)


def unseal(webhook: UUID, stored: bytes) -> bytes:
    """Raises SecretLost, and KeysMissing in a process that may not read."""
    try:
        return _cipher().decrypt(stored[:_NONCE], stored[_NONCE:], _CONTEXT + webhook.bytes)
    except (InvalidTag, ValueError) as error:
        raise SecretLost("its secret cannot be read with this server's key; remove the webhook and add it again") from (
            error
        )


def headers(secret: bytes, message: UUID, at: int, body: bytes) -> dict[str, str]:
    """``at``: seconds since 1970. Receivers refuse what is old, so that nothing can be sent to them twice."""
    signed = hmac.new(secret, f"{message}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": str(message),
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def _cipher() -> AESGCM:
    return AESGCM(keys.webhook_key(settings.ENV.keys))
