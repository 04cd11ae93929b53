"""The Listing of a run as it travels: one zstd frame behind its declared size, bounded before it is trusted."""

from __future__ import annotations

import struct

from google.protobuf.message import DecodeError

from proto.v1.stream_pb2 import Listing

MAX_PACKED = 512 * 1024
MAX_TEXT = 8 * 1024 * 1024
LOG_MAX = 256 * 1024
_SIZE = struct.Struct("<I")


class ListingError(ValueError):
    """The bytes are no listing, or one that is over the limits. One line."""


def pack(listing: Listing) -> bytes:
    """Raises ListingError."""
    import pyarrow as pa  # here, so that a runner compiles while it loads

    raw = listing.SerializeToString()
    packed: bytes = _SIZE.pack(len(raw)) + pa.Codec("zstd", compression_level=3).compress(raw, asbytes=True)
    if len(raw) > MAX_TEXT or len(packed) > MAX_PACKED:
        raise ListingError(f"a listing of {len(raw)} bytes is over the limit of {MAX_TEXT}")
    return packed


def unpack(packed: bytes) -> Listing:
    """Raises ListingError."""
    import pyarrow as pa

    if not _SIZE.size < len(packed) <= MAX_PACKED:
        raise ListingError(f"a listing of {len(packed)} packed bytes is over the limits")
    (size,) = _SIZE.unpack_from(packed)
    if not 0 < size <= MAX_TEXT:
        raise ListingError(f"a listing that declares {size} bytes is over the limit of {MAX_TEXT}")
    try:
        raw = pa.Codec("zstd").decompress(packed[_SIZE.size :], decompressed_size=size, asbytes=True)
        return Listing.FromString(raw)
    except (pa.ArrowException, OSError, DecodeError) as error:
        raise ListingError(f"the listing cannot be read: {str(error).splitlines()[0][:200]}") from error
