"""What stands in the audit and in counters for a user name that nobody has: people type passwords there."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from server.accounts.models import User

_SALT = "a user name that nobody has"


def known_as(found: User | None, typed: str) -> str:
    """A person's name in small letters; else a keyed digest of the text, with spaces, as no name is."""
    if found is not None:
        return found.username.lower()
    return f"an unknown name {salted_hmac(_SALT, typed.lower(), algorithm='sha256').hexdigest()[:12]}"
