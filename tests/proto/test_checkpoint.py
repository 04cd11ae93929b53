from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proto import checkpoint
from proto.checkpoint import Checkpoint, CheckpointError, opened, origin_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()
HEAD = Checkpoint(origin_of(PUBLIC), 17, bytes(range(32)), "2026-01-02T03:04:05+00:00")
NOTE = checkpoint.sign(HEAD, KEY)


def test_what_was_signed_is_opened() -> None:
    assert opened(NOTE, PUBLIC) == HEAD
    assert NOTE.splitlines()[1:3] == ["17", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]


def test_another_key_opens_nothing() -> None:
    other = Ed25519PrivateKey.generate()
    with pytest.raises(CheckpointError, match="another log"):
        opened(NOTE, other.public_key().public_bytes_raw())
    forged = checkpoint.sign(HEAD, other)
    with pytest.raises(CheckpointError, match="not signed"):
        opened(forged, PUBLIC)


@pytest.mark.parametrize("place", range(len(NOTE)))
def test_no_character_can_be_changed(place: int) -> None:
    """Four of them only say which key it is; the signature does not cover those, nor need it."""
    digit = "1" if NOTE[place] == "0" else "0"
    try:
        assert opened(NOTE[:place] + digit + NOTE[place + 1 :], PUBLIC) == HEAD
    except CheckpointError:
        return
    blob = NOTE.rindex(" ") + 1
    assert blob <= place < blob + 6


@pytest.mark.parametrize("note", ["", "\n\n", NOTE[:-1], NOTE + "\n", NOTE.replace("\n17\n", "\n017\n"), "x" * 5000])
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(CheckpointError):
        opened(note, PUBLIC)
