"""The hash tree of RFC 9162: hashing, the right edge that grows, and proofs, made by the server, checked everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Node = Callable[[int, int], bytes]  # (level, index) of a whole subtree of 2**level leaves -> its hash


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append in O(log n) and to know the root at any size."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []  # whole subtrees from left to right, one for each set bit of the size

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Returns the subtrees above the leaf that it completes: (level, index, hash)."""
        made, index, level = [], self.size, 0
        while index & 1:
            leaf = node_hash(self._edge.pop(), leaf)
            index, level = index >> 1, level + 1
            made.append((level, index, leaf))
        self._edge.append(leaf)
        self.size += 1
        return made

    def root(self) -> bytes:
        if not self._edge:
            return EMPTY_ROOT
        *rest, root = self._edge
        for left in reversed(rest):
            root = node_hash(left, root)
        return root


def root_of(size: int, node: Node) -> bytes:
    return _range_hash(0, size, node) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """What leads from a leaf to the root of the tree with `size` leaves."""
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        left = index < middle
        path.append(_range_hash(middle, high, node) if left else _range_hash(low, middle, node))
        low, high = (low, middle) if left else (middle, high)
    return path[::-1]


def consistency_proof(older: int, newer: int, node: Node) -> list[bytes]:
    """That the tree with `newer` leaves begins with the one with `older`, 0 < older <= newer."""
    low, high, whole, path = 0, newer, True, []
    while older != high - low:
        middle = low + _split(high - low)
        if older <= middle - low:
            path.append(_range_hash(middle, high, node))
            high = middle
        else:
            path.append(_range_hash(low, middle, node))
            older, low, whole = older - (middle - low), middle, False
    return ([] if whole else [_range_hash(low, high, node)]) + path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def extends(older: int, older_root: bytes, newer: int, newer_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2: whether the newer tree begins with all leaves of the older one."""
    if older == newer:
        return not proof and older_root == newer_root
    if older == 0:
        return not proof and older_root == EMPTY_ROOT
    if not 0 < older < newer:
        return False
    steps = list(proof) if older & (older - 1) else [older_root, *proof]
    return bool(steps) and _extends(older - 1, newer - 1, steps, (older_root, newer_root))


def _extends(place: int, last: int, steps: list[bytes], roots: tuple[bytes, bytes]) -> bool:
    while place & 1:
        place, last = place >> 1, last >> 1
    was = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was, now = node_hash(step, was), node_hash(step, now)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            now = node_hash(now, step)
        place, last = place >> 1, last >> 1
    return last == 0 and (was, now) == roots


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def _range_hash(low: int, high: int, node: Node) -> bytes:
    """Of the leaves from low to before high, a range that the tree's own splits lead to."""
    size = high - low
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(size)
    return node_hash(_range_hash(low, middle, node), _range_hash(middle, high, node))
