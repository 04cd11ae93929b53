"""What a person asks to see of a call, by the position of the argument: ``fd:s32,data:bytes[count],count:u64``.

Used by the server before a start and again by the host. Types only say how to read what one fixed program copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NUMBERS = {f"{sign}{bits}": (bits // 8, sign == "s") for sign in "us" for bits in (8, 16, 32, 64)} | {"hex": (8, False)}
ARGUMENTS_MAX = 12
TEXTS_MAX = 6
STRING_MAX = 4095
BYTES_DEFAULT = 4096
BYTES_MAX = 32768
TOGETHER_MAX = 60_000
RETURNED = "ret"
SKIPPED = "_"
READ_SUFFIX = "_read"

# Columns that every row has.
_TAKEN = ("time", "pid", "tid", "comm", "cgroup", "host", "stream", "row")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,26}")
_TEXT_TYPE = re.compile(r"(str|bytes)(?:\[(\w+)(?::(\d+))?\])?")


class ArgumentError(ValueError):
    """The list cannot be used. The text is one line that says what to write."""


@dataclass(frozen=True, slots=True)
class Argument:
    """``size`` of a number in bytes. ``length``: the argument that says how many bytes there are, at most ``most``;
    empty: always ``most``, of a string up to its end."""

    position: int  # from 1; 0: the value returned
    name: str
    type: str
    size: int = 8
    signed: bool = False
    most: int = 0
    length: str = ""

    @property
    def is_text(self) -> bool:
        """Memory of the program is read for it."""
        return self.type in ("str", "bytes")


def parse_arguments(text: str) -> list[Argument]:
    """Raises ArgumentError."""
    items = [item.strip() for item in text.split(",")] if text.strip() else []
    if len(items) > ARGUMENTS_MAX:
        raise ArgumentError(f"{len(items)} arguments are too many; at most {ARGUMENTS_MAX} can be shown")
    found = [_argument(number, item) for number, item in enumerate(items, 1) if item != SKIPPED]
    names = [argument.name for argument in found]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(f"{name} is there twice; give each argument a name of its own")
    texts = [argument.most for argument in found if argument.is_text]
    if len(texts) > TEXTS_MAX or len(texts) * max(texts, default=0) > TOGETHER_MAX:
        raise ArgumentError(
            f"at most {TEXTS_MAX} strings and buffers can be read, and of several each at most "
            f"{TOGETHER_MAX // max(len(texts), 2)} bytes; write less, like str[100] or bytes[100]"
        )
    return found


def parse_returned(text: str) -> Argument:
    """A type alone, or ``name:type``. Raises ArgumentError."""
    if "," in text:
        raise ArgumentError("a function returns one value; give its type, like s32 or str")
    argument = _argument(0, text if ":" in text else f"{RETURNED}:{text}", reserved=False)
    if argument.length:
        raise ArgumentError(f"{argument.name}: say how many bytes, like bytes[64]")
    return argument


def check_together(arguments: Sequence[Argument], returned: Argument | None, taken: Iterable[str]) -> None:
    """That a buffer's length is there, and no name twice or ``taken`` by another column. Raises ArgumentError."""
    for argument in (*arguments, *([returned] if returned else [])):
        if argument.name in taken:
            raise ArgumentError(_taken(argument.name, argument.position))
    numbers = {argument.name for argument in arguments if not argument.is_text}
    if returned and not returned.is_text:
        numbers.add(RETURNED)
    for argument in arguments:
        if returned and argument.name == returned.name:
            raise ArgumentError(f"{argument.name} is there twice; give the value returned another name")
        if argument.length and argument.length not in numbers:
            also = f"; give a type of number for {RETURNED} too" if argument.length == RETURNED else ""
            raise ArgumentError(f"{argument.name}: there is no number {argument.length!r} among the arguments{also}")


def _taken(name: str, position: int) -> str:
    what = f"argument {position}" if position else "the value returned"
    return f"every row has a {name} of its own already; give {what} another name"


def _argument(position: int, item: str, *, reserved: bool = True) -> Argument:
    name, colon, kind = item.partition(":")
    if not colon:
        name, kind = f"arg{position}", item
    if not _NAME.fullmatch(name) or name.startswith("fs_"):
        raise ArgumentError(f"{name!r} is no name: write a lower-case word of at most 27 letters, digits and _")
    if name in _TAKEN or (reserved and name == RETURNED) or name.endswith(READ_SUFFIX):
        raise ArgumentError(_taken(name, position))
    if kind in NUMBERS:
        size, signed = NUMBERS[kind]
        return Argument(position, name, kind, size, signed)
    return _text(position, name, kind)


def _text(position: int, name: str, kind: str) -> Argument:
    match = _TEXT_TYPE.fullmatch(kind)
    if not match:
        raise ArgumentError(f"{kind!r} is no type; it can be {', '.join(NUMBERS)}, str, str[N], bytes[N], bytes[NAME]")
    base, bound, most = match.groups()
    limit = STRING_MAX if base == "str" else BYTES_MAX
    if bound is None or bound.isdigit():
        if most or (bound is None and base == "bytes"):
            raise ArgumentError(f"{name}: say how many bytes, like bytes[64] or, by another argument, bytes[count]")
        return Argument(position, name, base, most=_bounded(name, bound or str(limit), limit))
    if base == "str":
        raise ArgumentError(f"{name}: a string ends by itself; write str, or str[N] for at most N bytes")
    return Argument(position, name, base, most=_bounded(name, most or str(BYTES_DEFAULT), limit), length=bound)


def _bounded(name: str, number: str, limit: int) -> int:
    if not 1 <= int(number) <= limit:
        raise ArgumentError(f"{name}: {number} bytes cannot be read; it can be 1 to {limit}")
    return int(number)
