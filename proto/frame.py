"""One framed batch: the same bytes in the host's spool, on the wire and in the server's segment.

Layout, little endian: magic ``FSF1``, head length u32, body length u32, crc32 u32 (of both lengths, head and body),
then the serialised ``BatchHead`` and the body (one zstd frame of Arrow IPC messages; empty on a run's last frame).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from google.protobuf.message import DecodeError

from proto.v1.stream_pb2 import BatchHead

MAGIC = b"FSF1"
PREFIX = struct.Struct("<4sIII")
MAX_HEAD = 64 * 1024
MAX_BODY = 8 * 1024 * 1024
TAG = 16  # bytes that encryption adds to a body
MAX_FRAME = PREFIX.size + MAX_HEAD + MAX_BODY
MAX_MESSAGE = MAX_FRAME + 1024  # with what gRPC's messages add
# Of the rows in one frame. What the server may hold for one browser has room for two of them.
MAX_DECOMPRESSED = 4 * 1024 * 1024


class FrameError(ValueError):
    """The bytes are not a whole, undamaged frame. The message says which check failed."""


@dataclass(frozen=True, slots=True)
class Frame:
    head: BatchHead
    body: bytes
    raw: bytes


def encode(head: BatchHead, body: bytes = b"") -> bytes:
    head_bytes = head.SerializeToString(deterministic=True)
    if len(head_bytes) > MAX_HEAD or len(body) > MAX_BODY:
        raise FrameError(f"frame too large: head {len(head_bytes)}, body {len(body)} bytes; make smaller batches")
    return PREFIX.pack(MAGIC, len(head_bytes), len(body), _crc(head_bytes, body)) + head_bytes + body


def frame_size(prefix: bytes) -> int:
    """Size in bytes of the frame that starts with these 16 bytes. Raises FrameError."""
    magic, head_len, body_len, _ = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise FrameError(f"no frame here: magic is {magic!r}")
    if head_len > MAX_HEAD or body_len > MAX_BODY:
        raise FrameError(f"declared sizes too large: head {head_len}, body {body_len}")
    return PREFIX.size + int(head_len) + int(body_len)


def decode(raw: bytes) -> Frame:
    """Check everything that can be checked without the schema. Raises FrameError."""
    if len(raw) < PREFIX.size:
        raise FrameError(f"{len(raw)} bytes are fewer than a frame's prefix")
    if frame_size(raw[: PREFIX.size]) != len(raw):
        raise FrameError("declared sizes do not match the frame's length")
    _, head_len, _, crc = PREFIX.unpack_from(raw)
    head_bytes = raw[PREFIX.size : PREFIX.size + head_len]
    body = raw[PREFIX.size + head_len :]
    if _crc(head_bytes, body) != crc:
        raise FrameError("checksum does not match: the frame was damaged")
    try:
        return Frame(BatchHead.FromString(head_bytes), body, raw)
    except DecodeError as error:
        raise FrameError("the frame's head is not a BatchHead") from error


def scan(file: BinaryIO, offset: int = 0) -> Iterator[tuple[int, Frame]]:
    """Yield (offset behind the frame, frame) from offset on; stop silently at a torn tail.

    Raises FrameError when a whole frame is damaged: a tear only ever shortens the file's end.
    """
    file.seek(offset)
    while True:
        prefix = file.read(PREFIX.size)
        if len(prefix) < PREFIX.size:
            return
        size = frame_size(prefix)
        rest = file.read(size - PREFIX.size)
        if len(rest) < size - PREFIX.size:
            return
        offset += size
        yield offset, decode(prefix + rest)


def _crc(head: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(head, zlib.crc32(struct.pack("<II", len(head), len(body)))))
