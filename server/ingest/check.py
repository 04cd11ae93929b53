"""Is this frame what the run may send? Every byte of it is hostile until this has answered.

Of an encrypted body only its size and its head can be checked here; whoever decrypts it checks the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from proto.columnar import BodyDecoder
from proto.encryption import ALGORITHM, NONCE
from proto.frame import MAX_DECOMPRESSED, TAG, Frame
from server.tracing.store.bodies import BodyRefused, check_hits, checked_rows


class UnacceptableError(ValueError):
    """The frame is whole, but not one that this run may send; sending it again will not help."""


def check_frame(frame: Frame, decoders: Sequence[BodyDecoder], *, encrypted: bool = False) -> None:
    """``decoders``: of the run's streams in order. ``encrypted``: as its schema says. Raises UnacceptableError."""
    head = frame.head
    if head.HasField("encryption") != (encrypted and bool(frame.body)):
        raise UnacceptableError("it is encrypted where its run is not, or the other way round")
    if head.seq < 1 or head.seq >= 2**62:
        raise UnacceptableError("its seq is out of range")
    if frame.body:
        _check_body(frame, decoders)
    elif head.rows or head.hits or head.body_size:
        raise UnacceptableError("it announces rows and holds none")


def _check_body(frame: Frame, decoders: Sequence[BodyDecoder]) -> None:
    head = frame.head
    if head.HasField("end"):
        raise UnacceptableError("a run's last frame must hold no rows")
    if head.stream >= len(decoders):
        raise UnacceptableError(f"the run has no stream {head.stream}")
    if not 0 < head.body_size <= MAX_DECOMPRESSED:
        raise UnacceptableError(f"its declared size is {head.body_size} bytes, allowed are {MAX_DECOMPRESSED}")
    decoder = decoders[head.stream]
    try:
        if head.HasField("encryption"):
            _check_encrypted(frame)
            check_hits(head, decoder)
        else:
            checked_rows(head, decoder, frame.body)
    except BodyRefused as error:
        raise UnacceptableError(str(error)) from error


def _check_encrypted(frame: Frame) -> None:
    head = frame.head
    if head.encryption.algorithm != ALGORITHM or len(head.encryption.nonce) != NONCE or len(frame.body) <= TAG:
        raise UnacceptableError("it is encrypted in a way that nobody could undo")
    # Each row takes room before compression: a batch cannot say that it holds more of them than bytes.
    if not 0 < head.rows <= head.body_size:
        raise UnacceptableError(f"it announces {head.rows} rows in {head.body_size} bytes")
