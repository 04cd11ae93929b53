"""How soon a runner's memory has to be looked at again, so that it cannot outgrow its limit by much in between."""

from __future__ import annotations

FASTEST = 4 << 30  # bytes a second: more than one thread takes from the kernel page by page
OFTEN, SELDOM = 0.005, 0.25  # seconds


def look_again(used: int, limit: int) -> float:
    """In seconds: when it could have reached the limit."""
    return min(SELDOM, max(OFTEN, (limit - used) / FASTEST))
