from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from proto.columnar import BodyDecoder
from proto.frame import Frame, decode, encode
from proto.v1.stream_pb2 import END_CAUSE_DURATION, BatchHead, Encryption, RunEnd
from server.ingest.check import UnacceptableError, check_frame
from tests.server.tracing.rows import SCHEMA, TWO_STREAMS, EncryptedFrames, Frames

ROWS = [BodyDecoder(stream) for stream in SCHEMA.streams]


def changed(change: Callable[[BatchHead], object], body: bytes | None = None) -> Frame:
    frame = decode(Frames().rows_of(10))
    change(frame.head)
    return decode(encode(frame.head, frame.body if body is None else body))


def test_rows_and_an_end_are_acceptable() -> None:
    frames = Frames()
    check_frame(decode(frames.rows_of(10)), ROWS)
    check_frame(decode(frames.stacks_of(10)), [BodyDecoder(stream) for stream in TWO_STREAMS.streams])
    check_frame(decode(frames.end(END_CAUSE_DURATION)), ROWS)
    check_frame(decode(Frames().end(END_CAUSE_DURATION)), [])


BAD: list[tuple[Callable[[BatchHead], object], str]] = [
    (lambda head: setattr(head, "seq", 0), "seq"),
    (lambda head: setattr(head, "seq", 2**63), "seq"),
    (lambda head: setattr(head, "rows", 11), "announces 11 rows and holds 10"),
    (lambda head: setattr(head, "hits", 9), "holds 10 events and counts 9"),
    (lambda head: setattr(head, "stream", 1), "no stream 1"),
    (lambda head: setattr(head, "body_size", 0), "declared size"),
    (lambda head: setattr(head, "body_size", 2**40), "declared size"),
    (lambda head: setattr(head, "body_size", head.body_size - 1), "do not follow the schema"),
    (lambda head: head.encryption.CopyFrom(Encryption(algorithm=1)), "encrypted"),
    (lambda head: head.end.CopyFrom(RunEnd()), "last frame"),
]


@pytest.mark.parametrize(("change", "problem"), BAD)
def test_what_does_not_fit_is_refused(change: Callable[[BatchHead], object], problem: str) -> None:
    with pytest.raises(UnacceptableError, match=problem):
        check_frame(changed(change), ROWS)


@pytest.mark.parametrize("body", [b"x", b"\x28\xb5\x2f\xfd" + b"\0" * 100, b"\xff" * 1000])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(UnacceptableError, match="do not follow the schema"):
        check_frame(changed(lambda _: None, body), ROWS)


def test_rows_of_another_stream_are_refused() -> None:
    frames = Frames()
    stacks = decode(frames.stacks_of(3))
    stacks.head.stream = 0
    with pytest.raises(UnacceptableError, match="do not follow the schema"):
        check_frame(stacks, ROWS)


def test_rows_without_a_schema_and_counts_without_rows_are_refused() -> None:
    with pytest.raises(UnacceptableError, match="no stream 0"):
        check_frame(changed(lambda _: None), [])
    with pytest.raises(UnacceptableError, match="announces rows and holds none"):
        check_frame(changed(lambda _: None, b""), ROWS)


def encrypted_frames() -> EncryptedFrames:
    return EncryptedFrames(b"r" * 16, X25519PrivateKey.generate().public_key().public_bytes_raw())


def test_encrypted_rows_are_taken_where_the_run_is_and_nowhere_else() -> None:
    frames = encrypted_frames()
    rows, end = decode(frames.rows_of(10)), decode(frames.end(END_CAUSE_DURATION))
    check_frame(rows, ROWS, encrypted=True)
    check_frame(end, ROWS, encrypted=True)
    for frame, encrypted in ((rows, False), (decode(Frames().rows_of(10)), True)):
        with pytest.raises(UnacceptableError, match="where its run is not, or the other way round"):
            check_frame(frame, ROWS, encrypted=encrypted)


HALF: list[tuple[Callable[[BatchHead], object], str]] = [
    (lambda head: setattr(head.encryption, "algorithm", 2), "nobody could undo"),
    (lambda head: setattr(head.encryption, "nonce", b"short"), "nobody could undo"),
    (lambda head: setattr(head, "rows", 0), "announces 0 rows"),
    (lambda head: setattr(head, "rows", 2**31), "announces 2147483648 rows"),
    (lambda head: setattr(head, "hits", 9), "holds 10 events and counts 9"),
    (lambda head: setattr(head, "stream", 1), "no stream 1"),
    (lambda head: setattr(head, "body_size", 2**40), "declared size"),
]


@pytest.mark.parametrize(("change", "problem"), HALF)
def test_of_an_encrypted_batch_the_head_is_checked(change: Callable[[BatchHead], object], problem: str) -> None:
    frame = decode(encrypted_frames().rows_of(10))
    change(frame.head)
    with pytest.raises(UnacceptableError, match=problem):
        check_frame(decode(encode(frame.head, frame.body)), ROWS, encrypted=True)
