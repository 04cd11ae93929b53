"""Processes that tests start end with the tests, also with tests that are killed."""

from __future__ import annotations

from collections.abc import Sequence


def tied(command: Sequence[str], signal: str = "TERM") -> list[str]:
    """The command, as one that gets the signal when the thread that starts it is gone; its pid stays the same."""
    return ["setpriv", "--pdeathsig", signal, *command]
