"""Signed heads of the audit: text notes as in C2SP's tlog-checkpoint, which other witnesses can read too.

Lines: origin, size, root in base64, time; an empty line; the signature line of a signed note (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from proto.merkle import HASH_SIZE

NOTE_MAX = 2048  # bytes
_SIGNATURE = re.compile("\u2014 (?P<name>[^ \n]{1,200}) (?P<blob>[A-Za-z0-9+/=]{1,200})\n")
_SIZE = re.compile("0|[1-9][0-9]{0,17}")
_ED25519 = b"\x01"


class CheckpointError(ValueError):
    """The note is no checkpoint, or not signed by the expected key. The text says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``time`` is RFC 3339 in UTC, as the signer's clock said."""

    origin: str
    size: int
    root: bytes
    time: str

    @property
    def body(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\ntime {self.time}\n"


def origin_of(public_key: bytes) -> str:
    """The log's name: it holds a digest of the key, so that two fleets never have the same."""
    return f"fleetscope-audit/{hashlib.sha256(public_key).hexdigest()[:16]}"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The note."""
    blob = _key_id(checkpoint.origin, key.public_key().public_bytes_raw()) + key.sign(checkpoint.body.encode())
    return f"{checkpoint.body}\n\u2014 {checkpoint.origin} {base64.b64encode(blob).decode()}\n"


def opened(note: str, public_key: bytes) -> Checkpoint:
    """Raises CheckpointError."""
    body, _, signature = note.partition("\n\n")
    match = _SIGNATURE.fullmatch(signature)
    if len(note) > NOTE_MAX or match is None:
        raise CheckpointError("this is no signed checkpoint")
    checkpoint = _parsed(body + "\n")
    blob = _decoded(match["blob"])
    if checkpoint.origin != origin_of(public_key) or match["name"] != checkpoint.origin:
        raise CheckpointError(f"the checkpoint is of another log, {checkpoint.origin}")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(blob[4:], checkpoint.body.encode())
    except InvalidSignature:
        raise CheckpointError("the checkpoint is not signed by the audit's key") from None
    return checkpoint


def _parsed(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) != 5 or not _SIZE.fullmatch(lines[1]) or not lines[3].startswith("time "):
        raise CheckpointError("this is no checkpoint of an audit")
    root = _decoded(lines[2])
    found = Checkpoint(lines[0], int(lines[1]), root, lines[3].removeprefix("time "))
    if len(root) != HASH_SIZE or found.body != body:
        raise CheckpointError("this is no checkpoint of an audit")
    return found


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CheckpointError("the checkpoint holds text that is no base64") from None


def _key_id(name: str, public_key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]
