"""Is this frame what the run may send? Every byte of it is hostile until this has answered."""

from __future__ import annotations

from collections.abc import Sequence

from proto.columnar import BodyDecoder
from proto.frame import MAX_DECOMPRESSED, Frame
from proto.v1.tool_pb2 import KIND_EVENTS


class UnacceptableError(ValueError):
    """The frame is whole, but not one that this run may send; sending it again will not help."""


def check_frame(frame: Frame, decoders: Sequence[BodyDecoder]) -> None:
    """``decoders``: of the run's streams in order. Raises UnacceptableError."""
    head = frame.head
    if head.HasField("encryption") and head.encryption.algorithm:
        raise UnacceptableError("it is encrypted, which this server does not support")
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
        rows = decoder.decode(frame.body, head.body_size).num_rows
    except ValueError as error:
        raise UnacceptableError(f"its rows do not follow the schema: {error}") from error
    if rows != head.rows:
        raise UnacceptableError(f"it announces {head.rows} rows and holds {rows}")
    if decoder.stream.kind == KIND_EVENTS and head.hits != rows:
        raise UnacceptableError(f"it holds {rows} events and counts {head.hits}")
