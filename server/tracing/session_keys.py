"""The keys of sessions of risk class S3: who has one reads the rows, and without it nobody does.

Here they live only while a session runs and for a while after. Then the rows are locked, and the hosts that made them
give their keys out again when a person signs for that (`openings.py`). A key stands in a file of its own, outside of
database and store, so that no backup of those holds it. The file is encrypted under a key that only the role `web` has:
`ingest` can destroy session keys and cannot use them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from proto.encryption import NONCE, unwrap
from server import keys
from server.errors import RowsLocked
from server.tracing.store.layout import replace_file, sync_folder

OPEN_SECONDS = 15 * 60  # after a session's end, and after every opening
KEY, OPENED = ".key", ".open"  # of a session, and of one run that was opened again
_CONTEXT = b"fleetscope-session-key-v1\0"


def create(session: UUID) -> bytes:
    """The public half, raw; the private half is on the disk when this returns."""
    private = X25519PrivateKey.generate()
    _write(_path(session), private.private_bytes_raw(), session.bytes)
    return private.public_key().public_bytes_raw()


def exists(session: UUID) -> bool:
    return _path(session).exists()


def readable(session: UUID, run: UUID) -> bool:
    """Whether the rows of a run that come encrypted can be read now."""
    return _path(session).exists() or _opened(session, run).exists()


def data_key(session: UUID, run: UUID, wrapped: bytes) -> bytes:
    """Of one run. Read from the disk each time, so that a destroyed key is of no use at once. Raises RowsLocked,
    EncryptionError when the host wrapped it to another key, KeysMissing in a process that may not read.
    """
    with suppress(FileNotFoundError):
        return _read(_opened(session, run), session.bytes + run.bytes)
    try:
        raw = _read(_path(session), session.bytes)
    except FileNotFoundError:
        raise RowsLocked(
            f"the rows of session {session} are locked: open them with a signature in the browser or by "
            f"`fleetscope open {session}`, while their hosts still have the key"
        ) from None
    return unwrap(X25519PrivateKey.from_private_bytes(raw), run.bytes, wrapped)


def keep_open(session: UUID, run: UUID, key: bytes) -> None:
    """A data key that its host gave out again, for a while."""
    _write(_opened(session, run), key, session.bytes + run.bytes)


def destroy(session: UUID) -> None:
    """All that the server has. Durable when it returns."""
    paths = [_path(session), *_folder().glob(f"{session}.*{OPENED}")]
    for path in paths:
        path.unlink(missing_ok=True)
    if _folder().exists():
        sync_folder(_folder())


def refresh(sessions: Iterable[UUID]) -> None:
    """The time of these has not begun to run."""
    for session in sessions:
        with suppress(FileNotFoundError):
            os.utime(_path(session))


def all_with_age(now: float) -> Iterator[tuple[UUID, float]]:
    """Every session that has a key of its own, and since how many seconds."""
    for path, age in _aged(KEY, now):
        with suppress(ValueError):
            yield UUID(path.stem), age


def lock_opened(now: float) -> None:
    """What was opened long enough."""
    for path, age in _aged(OPENED, now):
        if age > OPEN_SECONDS:
            path.unlink(missing_ok=True)


def sealed(secret: bytes, context: bytes) -> bytes:
    """For web alone. Raises KeysMissing in a process that may not."""
    nonce = os.urandom(NONCE)
    return nonce + _cipher().encrypt(nonce, secret, _CONTEXT + context)


def unsealed(stored: bytes, context: bytes) -> bytes:
    """Raises RowsLocked."""
    try:
        return _cipher().decrypt(stored[:NONCE], stored[NONCE:], _CONTEXT + context)
    except (InvalidTag, ValueError):
        raise RowsLocked("the key of these rows was altered or is of another server: open them anew") from None


def _write(path: Path, secret: bytes, context: bytes) -> None:
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(path, sealed(secret, context), mode=0o600)


def _read(path: Path, context: bytes) -> bytes:
    return unsealed(path.read_bytes(), context)


def _aged(suffix: str, now: float) -> Iterator[tuple[Path, float]]:
    for path in list(_folder().glob(f"*{suffix}")):
        with suppress(FileNotFoundError):
            yield path, now - path.stat().st_mtime


def _cipher() -> AESGCM:
    return AESGCM(keys.payload_key(settings.ENV.keys))


def _folder() -> Path:
    folder: Path = settings.ENV.session_keys
    return folder


def _path(session: UUID) -> Path:
    return _folder() / f"{session}{KEY}"


def _opened(session: UUID, run: UUID) -> Path:
    return _folder() / f"{session}.{run}{OPENED}"
