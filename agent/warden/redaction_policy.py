"""What the host's policy says about secrets in rows: its table ``[redaction]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.detectors import NAMES
from proto.v1.local_pb2 import Pattern, RedactionRules

PATTERNS_MAX = 64
PATTERN_MAX = 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
# What the runner's engine does without, so that no pattern can take longer than the text is long.
_BACKTRACKING = re.compile(r"\(\?(?:=|!|<=|<!|>|\(|P=)|(?<!\\)(?:\\\\)*\\[1-9]|[*+?}]\+")


@dataclass(frozen=True, slots=True)
class RedactionPolicy:
    """``off``: built-in detectors that are not used here; ``patterns``: the host's own, by the name that their mark
    shows; ``reveal``: a session may ask for rows as they are."""

    off: frozenset[str] = frozenset()
    patterns: tuple[tuple[str, str], ...] = ()
    reveal: bool = False

    def rules(self, *, revealed: bool) -> RedactionRules:
        """For a runner."""
        if revealed:
            return RedactionRules()
        return RedactionRules(
            detectors=[name for name in NAMES if name not in self.off],
            patterns=[Pattern(name=name, expression=text) for name, text in self.patterns],
        )

    def forbids_reveal(self) -> str:
        """Why a session may not have rows as they are; empty: it may."""
        if self.reveal:
            return ""
        return "this host's policy does not allow rows without redaction; its owner can set `redaction.reveal` to true"


def parse_redaction(table: Mapping[str, Any]) -> RedactionPolicy:
    """Raises ValueError as ``key: why``."""
    reveal = table.get("reveal", False)
    if not isinstance(reveal, bool):
        raise ValueError(f"redaction.reveal: must be true or false, not {reveal!r}")
    return RedactionPolicy(_off(table.get("off", [])), _patterns(table.get("patterns", {})), reveal)


def _off(names: object) -> frozenset[str]:
    if not isinstance(names, list):
        raise ValueError("redaction.off: must be a list of names in quotes")
    for name in names:
        if name not in NAMES:
            raise ValueError(f"redaction.off: {name!r} is no detector; they are {', '.join(NAMES)}")
    return frozenset(names)


def _patterns(table: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(table, dict) or len(table) > PATTERNS_MAX:
        raise ValueError(f"redaction.patterns: must be a table of at most {PATTERNS_MAX} lines name = 'expression'")
    for name, text in table.items():
        if why := _wrong(name, text):
            raise ValueError(f"redaction.patterns.{name}: {why}")
    return tuple(table.items())


def _wrong(name: str, text: object) -> str:
    if not _NAME.fullmatch(name) or name in NAMES:
        return "its name must be lower-case letters, digits and dashes, and not a built-in detector's"
    if not isinstance(text, str) or not 0 < len(text) <= PATTERN_MAX:
        return f"must be a regular expression in quotes of at most {PATTERN_MAX} characters"
    if found := _BACKTRACKING.search(text):
        return f"{found.group()!r} needs backtracking, which is not supported; write it without"
    try:
        empty = re.compile(text).match("")
    except re.error as error:
        return f"is no regular expression: {error}"
    return "matches the empty text, so it would be everywhere" if empty else ""
