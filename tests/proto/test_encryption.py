from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from proto.encryption import EncryptionError, RunEncryptor, decrypt, unwrap
from proto.v1.stream_pb2 import BatchHead, StreamSchema
from proto.v1.tool_pb2 import CTYPE_CHAR, CTYPE_S64, Column

RUN = b"r" * 16
STREAM = StreamSchema(name="data", columns=[Column(name="time", type=CTYPE_S64)])
PRIVATE = X25519PrivateKey.generate()
PUBLIC = PRIVATE.public_key().public_bytes_raw()


def head(seq: int = 1) -> BatchHead:
    return BatchHead(run_id=RUN, seq=seq, rows=3, hits=3, body_size=100)


def opened(encryptor: RunEncryptor, at: BatchHead, body: bytes, stream: StreamSchema = STREAM) -> bytes:
    return decrypt(unwrap(PRIVATE, RUN, encryptor.wrapped.wrapped_key), at, stream, body)


def test_only_the_sessions_private_key_opens_a_body() -> None:
    encryptor, at = RunEncryptor(RUN, PUBLIC, os.urandom(32)), head()
    body = encryptor.encrypt(at, STREAM, b"a secret")
    assert b"a secret" not in body
    assert opened(encryptor, at, body) == b"a secret"
    with pytest.raises(EncryptionError, match="not wrapped to this session"):
        unwrap(X25519PrivateKey.generate(), RUN, encryptor.wrapped.wrapped_key)
    with pytest.raises(EncryptionError, match="not wrapped to this session"):
        unwrap(PRIVATE, b"q" * 16, encryptor.wrapped.wrapped_key)


CHANGES: list[Callable[[BatchHead], object]] = [
    lambda at: setattr(at, "run_id", b"q" * 16),
    lambda at: setattr(at, "seq", 2),
    lambda at: setattr(at, "stream", 1),
    lambda at: setattr(at, "rows", 4),
    lambda at: setattr(at, "hits", 4),
    lambda at: setattr(at, "body_size", 101),
    lambda at: setattr(at.encryption, "nonce", b"n" * 12),
    lambda at: setattr(at.encryption, "nonce", b""),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_body_is_bound_to_its_head(change: Callable[[BatchHead], object]) -> None:
    encryptor, at = RunEncryptor(RUN, PUBLIC, os.urandom(32)), head()
    body = encryptor.encrypt(at, STREAM, b"a secret")
    change(at)
    with pytest.raises(EncryptionError, match="not what its host encrypted"):
        opened(encryptor, at, body)


def test_a_body_is_bound_to_its_columns_and_cannot_be_altered() -> None:
    encryptor, at = RunEncryptor(RUN, PUBLIC, os.urandom(32)), head()
    body = encryptor.encrypt(at, STREAM, b"a secret")
    other = StreamSchema(name="data", columns=[Column(name="time", type=CTYPE_CHAR)])
    for stream, altered in ((other, body), (STREAM, body[:-1] + bytes([body[-1] ^ 1])), (STREAM, b"")):
        with pytest.raises(EncryptionError, match="not what its host encrypted"):
            opened(encryptor, at, altered, stream)


def test_no_nonce_comes_twice_even_where_a_seq_does() -> None:
    encryptor, nonces = RunEncryptor(RUN, PUBLIC, os.urandom(32)), set()
    for seq in (1, 2, 2, 2, 3):
        at = head(seq)
        encryptor.encrypt(at, STREAM, b"rows")
        nonces.add(at.encryption.nonce)
    assert len(nonces) == 5
    assert {len(nonce) for nonce in nonces} == {12}


@pytest.mark.parametrize("key", [b"", b"short", bytes(32)])
def test_a_key_that_protects_nothing_is_refused(key: bytes) -> None:
    with pytest.raises(EncryptionError, match="no key that rows can be encrypted to"):
        RunEncryptor(RUN, key, os.urandom(32))
    with pytest.raises(EncryptionError, match="key"):
        unwrap(PRIVATE, RUN, key + bytes(48))
