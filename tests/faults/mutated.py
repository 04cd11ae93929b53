"""Frames and messages of an honest host, broken in every way that a hostile one might try; the seed says which."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pyarrow as pa

from proto.columnar import decompress_body
from proto.frame import decode, encode
from proto.v1.stream_pb2 import BatchHead

_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


def mutated(raw: bytes, chance: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """One to four changes, of bytes and of their order."""
    for _ in range(chance.randint(1, 4)):
        raw = chance.choice(_CHANGES)(raw or b"\0", chance)
    if others and chance.random() < 0.1:
        other = chance.choice(others)
        raw = raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :]
    return raw


def mutated_frame(raw: bytes, chance: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Most of them with a checksum, and many with a compression, that is right: what is behind it has to see them."""
    frame, level = decode(raw), chance.randrange(4)
    head, body = frame.head, frame.body
    if level == 0:
        return mutated(raw, chance, others)
    if level == 1:
        _change_head(head, chance)
    elif level == 2:
        body = mutated(body, chance, [decode(other).body for other in others])
    else:
        arrow = mutated(decompress_body(body, head.body_size), chance)
        head.body_size, body = len(arrow), pa.Codec("zstd").compress(arrow, asbytes=True)
    return encode(head, body)


def _change_head(head: BatchHead, chance: random.Random) -> None:
    numbers = [field for field in head.DESCRIPTOR.fields if field.cpp_type == field.CPPTYPE_UINT64]
    small = [field for field in head.DESCRIPTOR.fields if field.cpp_type == field.CPPTYPE_UINT32]
    field = chance.choice(numbers + small)
    most = 1 << (64 if field in numbers else 32)
    setattr(head, field.name, chance.choice(_EDGES) % most)


def _flip(raw: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ 1 << chance.randrange(8)]) + raw[place + 1 :]


def _cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


def _double(raw: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(raw))
    return raw[:start] + raw[start : start + chance.randint(1, 64)] * chance.randint(2, 8) + raw[start:]


def _drop(raw: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(raw))
    return raw[:start] + raw[start + chance.randint(1, 64) :]


def _edge(raw: bytes, chance: random.Random) -> bytes:
    size = chance.choice((1, 2, 4, 8))
    start = chance.randrange(len(raw))
    number = (chance.choice(_EDGES) % (1 << 8 * size)).to_bytes(size, "little")
    return raw[:start] + number + raw[start + size :]


def _noise(raw: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(raw))
    return raw[:start] + chance.randbytes(chance.randint(1, 32)) + raw[start:]


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _double, _drop, _edge, _noise)
