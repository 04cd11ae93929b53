"""What a kind of name gives back, and the order in which people want to see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from proto.v1.agent_pb2 import Name

T = TypeVar("T")


class NotAnswered(ValueError):
    """There is no answer. One line: what, why, what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """``names`` are the best of ``total``; ``meant``: how many the text selects as it stands, where it is a pattern."""

    names: Sequence[Name]
    total: int
    meant: int | None = None


def best(candidates: Iterable[T], text: str, words: Callable[[T], Sequence[str]]) -> list[T]:
    """Those of which one word holds the text, whatever its case: first equal ones, then those that begin with it."""
    wanted = text.lower()
    ranked = []
    for candidate in candidates:
        ranks = [rank for word in words(candidate) if (rank := _rank(word.lower(), wanted)) is not None]
        if ranks:
            ranked.append((min(ranks), candidate))
    ranked.sort(key=lambda pair: pair[0])
    return [candidate for _, candidate in ranked]


def _rank(word: str, wanted: str) -> int | None:
    at = word.find(wanted)
    if at < 0:
        return None
    return 0 if word == wanted != "" else 1 if at == 0 else 2
