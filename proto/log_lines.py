"""Lines of the log: what hosts and people sent may stand in them, and neither ends a line nor moves a terminal."""

from __future__ import annotations

import logging
import sys
from typing import Any

LONGEST = 4000  # characters of one message, and of one line below it


class LineFormatter(logging.Formatter):
    """One line for a message. What follows it, such as a traceback, is indented, so that it passes for no other one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = plain(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return _below(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return _below(super().formatStack(stack_info))


def to_stderr(program: str) -> None:
    """From here on; each line begins with the program's name."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(f"{program}: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def plain(text: str) -> str:
    """Control characters, line ends and what turns the direction of writing as escapes."""
    cut = text[:LONGEST]
    shown = "".join(letter if letter.isprintable() else _escaped(letter) for letter in cut)
    return shown if len(text) <= LONGEST else f"{shown}... ({len(text)} characters)"


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def _below(text: str) -> str:
    return "\n".join(f"    {plain(line)}" for line in text.split("\n"))
