"""What the server tells hosts to do, signed with the key that they learned when they joined."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from server import keys


def sign(context: bytes, payload: bytes) -> bytes:
    """``context`` keeps a signature of one kind of message from standing under another. Raises KeysMissing."""
    return _key().sign(context + payload)


@cache
def _key() -> Ed25519PrivateKey:
    return keys.command_key(settings.ENV.keys)
