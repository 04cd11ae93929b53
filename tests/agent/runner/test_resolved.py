"""What resolving hands over is only data."""

from __future__ import annotations

from agent.runner.resolved import Resolved


def test_without_more_there_are_neither_numbers_nor_maps() -> None:
    resolved = Resolved([], [8])
    assert (list(resolved.defines), dict(resolved.maps)) == ([], {})
