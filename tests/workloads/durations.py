"""What `durations.c` says of its own calls, to hold beside what was measured from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

SLOTS = 64


@dataclass(frozen=True, slots=True)
class OwnTimes:
    """How often timed() took how long, by clocks read in it and around its calls: slots of powers of two."""

    within: Counter[int]
    around: Counter[int]

    def __add__(self, other: OwnTimes) -> OwnTimes:
        return OwnTimes(self.within + other.within, self.around + other.around)

    def check(self, found: Counter[int]) -> None:
        """No call is shorter than the time within it or longer than the one around it."""
        assert found.total() == self.within.total() == self.around.total()
        for slot in range(SLOTS):
            assert _longer(self.within, slot) <= _longer(found, slot) <= _longer(self.around, slot), (self, found)


def own_times(lines: Iterable[bytes]) -> OwnTimes:
    own = OwnTimes(Counter(), Counter())
    for line in lines:
        slot, within, around = map(int, line.split())
        own.within[slot], own.around[slot] = within, around
    return own


def _longer(slots: Counter[int], least: int) -> int:
    return sum(calls for slot, calls in slots.items() if slot >= least)
