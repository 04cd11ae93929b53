"""Bytes as people write and read them, in powers of ten."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGTP]?B)", re.IGNORECASE)
MAX_BYTES = 2**63 - 1
MAX_DAYS = 36_500


def parse_bytes(text: str) -> int:
    """Raises ValueError."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no size; write it like 50GB")
    power: int = [unit.lower() for unit in _UNITS].index(found[2].lower())
    size: int = round(float(found[1]) * 1000**power)
    if not 0 < size <= MAX_BYTES:
        raise ValueError(f"{text!r} is not a size that can be stored")
    return size


def parse_bounds(given: Mapping[str, str]) -> dict[str, int | None]:
    """quota, keep and days of the command line as bounds of the store; ``none`` is None. Raises ValueError."""
    found: dict[str, int | None] = {}
    for name, text in given.items():
        if name == "days":
            found["keep_days"] = None if text == "none" else _days(text)
        else:
            found[f"{name}_bytes"] = None if text == "none" else parse_bytes(text)
    return found


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_DAYS:
        raise ValueError(f"{text!r} is no number of days; give one of 1 to {MAX_DAYS}, or none")
    return int(text)


def bytes_text(size: int) -> str:
    value, unit = float(size), 0
    while round(value, 1) >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[0]}" if unit == 0 else f"{value:.1f}".removesuffix(".0") + f" {_UNITS[unit]}"
