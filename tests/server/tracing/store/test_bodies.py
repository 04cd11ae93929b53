from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from proto.encryption import unwrap
from proto.frame import Frame, decode
from server.tracing.books import books
from server.tracing.store import SegmentStore
from server.tracing.store.bodies import Bodies, BodyRefused, encrypted
from tests.server.tracing.rows import SCHEMA, EncryptedFrames, Frames, events

SESSION, RUN = uuid.UUID(int=1), uuid.UUID(int=2)
PRIVATE = X25519PrivateKey.generate()
HOSTILE = [b"x", b"\x28\xb5\x2f\xfd" + b"\0" * 100, b"\xff" * 1000]


@pytest.fixture
def frames() -> EncryptedFrames:
    return EncryptedFrames(RUN.bytes, PRIVATE.public_key().public_bytes_raw())


def unlock(wrapped: bytes) -> bytes:
    return unwrap(PRIVATE, RUN.bytes, wrapped)


def never(wrapped: bytes) -> bytes:
    raise AssertionError(f"no key was needed: {wrapped!r}")


def test_what_is_not_encrypted_is_handed_on_untouched() -> None:
    frame = decode(Frames().rows_of(3))
    assert Bodies(SCHEMA, never).packed(frame) is frame.body
    assert not encrypted(SCHEMA) and not encrypted(None)


def test_an_encrypted_body_comes_back(frames: EncryptedFrames) -> None:
    plain, frame = decode(Frames().rows_of(3)), decode(frames.rows_of(3))
    assert frame.body != plain.body
    assert Bodies(frames.schema, unlock).packed(frame) == plain.body


def lies(frames: EncryptedFrames) -> Iterator[Frame]:
    """Of a host that encrypts what ingest would refuse if it could look into it."""
    for body in HOSTILE:
        yield decode(frames.frame(events(0, 3), 0, 3, body))
    other = decode(Frames().rows_of(4))
    yield decode(frames.frame(events(0, 3), 0, 3, other.body))


def test_rows_are_checked_as_ingest_checks_them(frames: EncryptedFrames) -> None:
    bodies = Bodies(frames.schema, unlock)
    for frame in lies(frames):
        with pytest.raises(BodyRefused, match=r"do not follow the schema|announces 3 rows and holds 4"):
            bodies.packed(frame)


def test_a_refused_batch_is_left_out_and_breaks_the_books(frames: EncryptedFrames, tmp_path: Path) -> None:
    store = SegmentStore(tmp_path, lambda _session, _run, wrapped: unlock(wrapped))
    store.pin(SESSION, RUN, frames.schema)
    good, bad = frames.rows_of(3), frames.frame(events(3, 2), 0, 2, b"no rows")
    store.append(SESSION, RUN, [good, bad, frames.rows_of(4)])
    assert books(store.index(SESSION, RUN), None).state == "in-flight"
    read = list(store.read(SESSION, RUN))
    assert [batch.seq for batch in read] == [1, 3]
    assert [batch.batch().num_rows for batch in read if batch.batch() is not None] == [3, 4]  # type: ignore[union-attr]
    found = books(store.index(SESSION, RUN), None)
    assert (found.state, "batch 2: its rows do not follow" in found.message) == ("broken", True)
    assert pa.table(store.snapshot(SESSION, RUN, 0, frames.schema).tail).num_rows == 7


def test_a_store_without_keys_reads_nothing(frames: EncryptedFrames, tmp_path: Path) -> None:
    store = SegmentStore(tmp_path)
    store.pin(SESSION, RUN, frames.schema)
    store.append(SESSION, RUN, [frames.rows_of(3)])
    with pytest.raises(PermissionError, match="opened without keys"):
        list(store.read(SESSION, RUN))
