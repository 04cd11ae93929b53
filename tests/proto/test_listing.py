from __future__ import annotations

import os
import struct

import pytest

from proto import listing
from proto.v1.stream_pb2 import Listing


def test_a_listing_comes_back_as_it_was() -> None:
    made = Listing(source="int f;\n" * 5000, switches=["-DFS_PID=7ULL"], maps=["opens_ring"], log="")
    assert listing.unpack(listing.pack(made)) == made
    assert len(listing.pack(made)) < 1000


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (b"", "over the limits"),
        (bytes(listing.MAX_PACKED + 1), "over the limits"),
        (struct.pack("<I", listing.MAX_TEXT + 1) + b"x", "declares"),
        (struct.pack("<I", 0) + b"x", "declares"),
        (struct.pack("<I", 10) + b"no zstd", "cannot be read"),
        (listing.pack(Listing(source="x" * 100))[:-3], "cannot be read"),
        (struct.pack("<I", 5) + listing.pack(Listing(source="x" * 100_000))[4:], "cannot be read"),
    ],
)
def test_what_is_no_listing_is_refused_in_one_line(packed: bytes, why: str) -> None:
    with pytest.raises(listing.ListingError, match=why) as caught:
        listing.unpack(packed)
    assert "\n" not in str(caught.value)


def test_one_over_the_limit_is_not_packed() -> None:
    with pytest.raises(listing.ListingError, match="over the limit"):
        listing.pack(Listing(source=os.urandom(listing.MAX_PACKED).hex()))
