"""The keys of sessions of risk class S3: who has one reads the rows, and without it nobody does.

Each stands in a file of its own, outside database and store, so that no backup of those holds it. The file is
encrypted under a key that only the role `web` has: `ingest` can destroy session keys and cannot use them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from proto.encryption import NONCE, unwrap
from server import keys
from server.errors import KeyDestroyed
from server.tracing.store.layout import replace_file, sync_folder

SUFFIX = ".key"
_CONTEXT = b"fleetscope-session-key-v1\0"


def create(session: UUID) -> bytes:
    """The public half, raw; the private half is on the disk when this returns."""
    private = X25519PrivateKey.generate()
    nonce = os.urandom(NONCE)
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = _cipher().encrypt(nonce, private.private_bytes_raw(), _CONTEXT + session.bytes)
    replace_file(_path(session), nonce + content, mode=0o600)
    return private.public_key().public_bytes_raw()


def exists(session: UUID) -> bool:
    return _path(session).exists()


def data_key(session: UUID, run: UUID, wrapped: bytes) -> bytes:
    """Of one run. Read from the disk each time, so that a destroyed key is of no use at once. Raises KeyDestroyed,
    EncryptionError when the host wrapped it to another key, KeysMissing in a process that may not read.
    """
    try:
        stored = _path(session).read_bytes()
        raw = _cipher().decrypt(stored[:NONCE], stored[NONCE:], _CONTEXT + session.bytes)
    except FileNotFoundError:
        raise KeyDestroyed(f"the key of session {session} was destroyed: its rows cannot be read any more") from None
    except (InvalidTag, ValueError):
        raise KeyDestroyed(
            f"the key of session {session} in {_folder()} was altered or is of another server: its rows cannot be read"
        ) from None
    return unwrap(X25519PrivateKey.from_private_bytes(raw), run.bytes, wrapped)


def destroy(session: UUID) -> None:
    """Durable when it returns."""
    with suppress(FileNotFoundError):
        _path(session).unlink()
        sync_folder(_folder())


def all_with_age(now: float) -> Iterator[tuple[UUID, float]]:
    """Every session that has a key, and since how many seconds."""
    for path in list(_folder().glob(f"*{SUFFIX}")):
        with suppress(ValueError, FileNotFoundError):
            yield UUID(path.stem), now - path.stat().st_mtime


def _cipher() -> AESGCM:
    return AESGCM(keys.payload_key(settings.ENV.keys))


def _folder() -> Path:
    folder: Path = settings.ENV.session_keys
    return folder


def _path(session: UUID) -> Path:
    return _folder() / f"{session}{SUFFIX}"
