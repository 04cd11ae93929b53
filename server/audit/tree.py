"""The hash tree in the database: appended to by the one writer, read for heads and proofs in O(log n)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from proto import merkle
from server.audit.models import AuditEntry, TreeNode

T = TypeVar("T")
_CHUNK = 500  # positions asked for at once


@dataclass(frozen=True, slots=True)
class Head:
    size: int
    root: bytes


class Nodes:
    """The hashes of subtrees, each read once. Raises KeyError where one is missing."""

    def __init__(self) -> None:
        self._found: dict[int, bytes] = {}

    def evaluate(self, wanted: Callable[[merkle.Node], T]) -> T:
        """Runs it twice: to learn which subtrees it needs, and with them."""
        needed: set[int] = set()

        def note(level: int, index: int) -> bytes:
            needed.add(position(level, index))
            return b""

        wanted(note)
        self._load(needed - self._found.keys())
        return wanted(lambda level, index: self._found[position(level, index)])

    def _load(self, positions: Iterable[int]) -> None:
        ordered = sorted(positions)
        for start in range(0, len(ordered), _CHUNK):
            part = ordered[start : start + _CHUNK]
            leaves = AuditEntry.objects.filter(id__in=[place // 2 + 1 for place in part if place % 2 == 0])
            for number, digest in leaves.order_by().values_list("id", "hash"):
                self._found[2 * (number - 1)] = bytes.fromhex(digest)
            above = TreeNode.objects.filter(position__in=[place for place in part if place % 2])
            self._found.update((place, bytes(digest)) for place, digest in above.values_list("position", "hash"))


def position(level: int, index: int) -> int:
    """In an in-order walk: leaves are even, what stands above two subtrees is between them."""
    return (2 * index + 1 << level) - 1


def append(index: int, leaf: bytes) -> None:
    """Complete the subtrees that end with this leaf. For the one writer alone, after the entry is saved."""
    levels = _completed(index)
    if not levels:
        return
    lefts = Nodes().evaluate(lambda node: [node(level, (index >> level) - 1) for level in range(levels)])
    made = []
    for level, left in enumerate(lefts, 1):
        leaf = merkle.node_hash(left, leaf)
        made.append(TreeNode(position=position(level, index >> level), hash=leaf))
    TreeNode.objects.bulk_create(made)


def head() -> Head:
    size = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    return Head(size, root(size))


def root(size: int) -> bytes:
    return Nodes().evaluate(lambda node: merkle.root_of(size, node))


def consistency(older: int, newer: int) -> list[bytes]:
    return Nodes().evaluate(lambda node: merkle.consistency_proof(older, newer, node))


def _completed(index: int) -> int:
    """How many subtrees a leaf completes: the ones at the end of its index in binary."""
    return ((index + 1) & -(index + 1)).bit_length() - 1
