"""Durations, budgets and sizes as people write them."""

import re

_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_BUDGET = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmg]i?)?b?", re.IGNORECASE)
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}


def duration_ms(text: str) -> int:
    """ "10s", "500ms", "1.5m", "1m30s" in milliseconds. Raises ValueError."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration; write a number with ms, s, m, h or d, such as 10s or 1m30s")
    milliseconds = round(sum(float(number) * _MILLISECONDS[unit] for number, unit in parts))
    if milliseconds == 0:
        raise ValueError(f"{text!r} is no time at all; the shortest duration is 1ms")
    return milliseconds


def budget_permille(text: str) -> int:
    """ "3%" or "0.5%" of one host's CPU, in permille. Raises ValueError."""
    match = _BUDGET.fullmatch(text)
    permille = round(float(match[1]) * 10) if match else 0
    if not 1 <= permille <= 1000:
        raise ValueError(f"{text!r} is not a budget; write a share of the host's CPU from 0.1% to 100%, such as 3%")
    return permille


def size_bytes(text: str) -> int:
    """ "64MiB", "500MB", "1000" in bytes. Raises ValueError."""
    match = _SIZE.fullmatch(text)
    size = round(float(match[1]) * _BYTES[(match[2] or "").lower()]) if match else 0
    if size < 1:
        raise ValueError(f"{text!r} is not a size; write a number of bytes or one with kB, MB, GB, KiB, MiB or GiB")
    return size
