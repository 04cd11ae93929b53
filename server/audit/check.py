"""Checks a log against its own hashes and against signed heads, entry by entry; needs no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from proto import merkle
from proto.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Verdict:
    """``bad_id`` is the first entry that does not fit; ``signed`` counts the entries below the last signed head."""

    entries: int
    root: str
    signed: int = 0
    bad_id: int | None = None
    problem: str = ""


class BadEntry(Exception):
    """Names the first entry that does not fit."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(f"entry {number}: {problem}")
        self.number, self.problem = number, problem


@dataclass(slots=True)
class Checker:
    """Takes the entries in order. Raises BadEntry.

    ``heads``, by size, came with the log: who has its key can sign them anew. ``noted`` ones were kept elsewhere, so
    where one differs nothing is sure that no other noted head covers.
    """

    heads: dict[int, Checkpoint]
    noted: dict[int, list[Checkpoint]] = field(default_factory=dict)
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    signed: int = 0
    sure: int = 0

    def take(self, number: int, stored: bytes) -> list[tuple[int, int, bytes]]:
        """The hash that is kept with an entry. Returns the subtrees that are now complete."""
        expected = self.frontier.size + 1
        if number != expected:
            raise BadEntry(expected, f"it is missing; entry {number} stands in its place")
        return self.frontier.append(stored)

    def settle(self, number: int, leaf: bytes, stored: bytes) -> None:
        """After the caller has looked at the subtrees: is the entry what was hashed, and the hash what was signed?"""
        if leaf != stored:
            raise BadEntry(number, "its content was changed")
        if head := self.heads.get(number):
            self._agree(head, self.signed, "the head")
        if others := self.noted.get(number):
            for head in others:
                self._agree(head, self.sure, "the head that was noted elsewhere,")
            self.sure = number

    def finish(self) -> None:
        heads = [*self.heads.values(), *chain.from_iterable(self.noted.values())]
        newest = max(heads, key=lambda head: head.size, default=None)
        if newest is not None and newest.size > self.frontier.size:
            problem = f"it is missing, and with it all up to {newest.size}, which the head of {newest.time} covers"
            raise BadEntry(self.frontier.size + 1, problem)

    def verdict(self) -> Verdict:
        return Verdict(self.frontier.size, self.frontier.root().hex(), self.signed)

    def _agree(self, head: Checkpoint, before: int, what: str) -> None:
        if self.frontier.root() != head.root:
            problem = (
                f"it or one up to {head.size} was replaced: {what} signed at {head.time} does not follow from them"
            )
            raise BadEntry(before + 1, problem)
        self.signed = head.size


def by_size(heads: Iterable[Checkpoint]) -> dict[int, Checkpoint]:
    """Raises BadEntry when two heads contradict each other: somebody was shown another log."""
    found: dict[int, Checkpoint] = {}
    for head in heads:
        if found.setdefault(head.size, head).root != head.root:
            raise BadEntry(head.size, "two signed heads end with it and differ: the log was forked")
    return found


def grouped(heads: Iterable[Checkpoint]) -> dict[int, list[Checkpoint]]:
    """Of the same size, all: if two contradict each other, the log follows from one of them at most."""
    found: dict[int, list[Checkpoint]] = {}
    for head in heads:
        found.setdefault(head.size, []).append(head)
    return found
