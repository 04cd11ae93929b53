"""Rows of risk class S3, encrypted from the runner to whoever may look at them.

The envelope carries the session's public key. Each run makes a data key of its own and wraps it to that; every body is
encrypted under the data key, bound to its run, its seq, its counts and the columns that it is read with.
"""

from __future__ import annotations

import hashlib
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from proto.frame import TAG
from proto.v1.stream_pb2 import BatchHead, Encryption, RunEncryption, StreamSchema

ALGORITHM = 1
KEY = 32
NONCE = 12
WRAPPED = KEY + KEY + TAG  # ephemeral public key, encrypted data key
_WRAP = b"fleetscope-payload-key-v1\0"
_BODY = b"fleetscope-payload-v1\0"
_BOUND = struct.Struct(">16sQIIQQ")
_ONCE = bytes(NONCE)  # a key that encrypts once needs no other nonce


class EncryptionError(ValueError):
    """A key or a body is not what it must be. One line, without anything of the content."""


class RunEncryptor:
    """Encrypts the bodies of one run under a data key that no other run has."""

    def __init__(self, run_id: bytes, recipient: bytes, key: bytes) -> None:
        """``recipient``: X25519 public key, raw. Raises EncryptionError."""
        self.wrapped = RunEncryption(algorithm=ALGORITHM, wrapped_key=wrap(run_id, recipient, key), kept=True)
        self._cipher = AESGCM(key)
        self._prefix = run_id[: NONCE - 8]
        self._count = 0

    def encrypt(self, head: BatchHead, stream: StreamSchema, body: bytes) -> bytes:
        """The head must be final but for its field `encryption`, which is set here."""
        # Counted by calls: a seq comes again when the disk was full, perhaps with other rows.
        self._count += 1
        nonce = self._prefix + self._count.to_bytes(8, "big")
        head.encryption.CopyFrom(Encryption(algorithm=ALGORITHM, nonce=nonce))
        return self._cipher.encrypt(nonce, body, _bound(head, stream))


def unwrap(private: X25519PrivateKey, run_id: bytes, wrapped: bytes) -> bytes:
    """The run's data key. Raises EncryptionError."""
    if len(wrapped) != WRAPPED:
        raise EncryptionError("the wrapped key has a wrong size")
    own = private.public_key().public_bytes_raw()
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(wrapped[:KEY]))
        return _wrapping(shared, wrapped[:KEY], own).decrypt(_ONCE, wrapped[KEY:], _WRAP + run_id)
    except (InvalidTag, ValueError) as error:
        raise EncryptionError("the run's key was not wrapped to this session") from error


def decrypt(key: bytes, head: BatchHead, stream: StreamSchema, body: bytes) -> bytes:
    """Raises EncryptionError."""
    try:
        return AESGCM(key).decrypt(head.encryption.nonce, body, _bound(head, stream))
    except (InvalidTag, ValueError) as error:
        raise EncryptionError(f"batch {head.seq} is not what its host encrypted") from error


def wrap(run_id: bytes, recipient: bytes, key: bytes) -> bytes:
    """The run's data key for whoever has the private half of ``recipient``. Raises EncryptionError."""
    once = X25519PrivateKey.generate()
    public = once.public_key().public_bytes_raw()
    try:
        shared = once.exchange(X25519PublicKey.from_public_bytes(recipient))
    except ValueError as error:
        raise EncryptionError("the start names no key that rows can be encrypted to; update the server") from error
    return public + _wrapping(shared, public, recipient).encrypt(_ONCE, key, _WRAP + run_id)


def _wrapping(shared: bytes, once: bytes, recipient: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY, salt=once + recipient, info=_WRAP).derive(shared))


def _bound(head: BatchHead, stream: StreamSchema) -> bytes:
    """What cannot be changed about a body without its decryption failing."""
    counts = _BOUND.pack(head.run_id, head.seq, head.stream, head.rows, head.hits, head.body_size)
    return _BODY + counts + _columns(stream)


def _columns(stream: StreamSchema) -> bytes:
    """Of the columns and not of Arrow's message, whose bytes differ between its versions."""
    digest = hashlib.sha256(stream.name.encode())
    for column in stream.columns:
        digest.update(f"\0{column.name}\0{column.type}".encode())
    return digest.digest()
