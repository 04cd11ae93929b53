"""Rows as lines of a table, printed as they arrive: no row waits for a later one."""

import errno
import os
import signal
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleetscope.cli.output import printable

_WIDTHS = {
    "boot_time": 15, "comm": 15, "pid": 7, "tid": 7, "uid": 6, "errno": 8, "nanoseconds": 9, "count": 8, "bytes": 6,
    "connection": 14, "terminal": 7, "direction": 3,
    "container": 24, "syscall": 18, "function": 24, "open_flags": 16, "signal": 8, "ip_address": 15, "word": 11,
}  # fmt: skip
_SYMBOL_WIDTH = 20
# Of no certain length: they stand last.
_LONG = ("file_path", "argv", "stack", "payload")
# What says least without the rest goes last where there is little room.
_OF_PAYLOAD = frozenset({"boot_time", "direction", "bytes", "payload"})
_NUMBERS = frozenset(
    {"count", "bytes", "nanoseconds", "microseconds", "percent", "pid", "tid", "uid", "fd", "port", "log2_slot"}
)
_ACCESS = {os.O_RDONLY: "RDONLY", os.O_WRONLY: "WRONLY", os.O_RDWR: "RDWR"}
_OPEN_FLAGS = {
    "CREAT": os.O_CREAT, "EXCL": os.O_EXCL, "TRUNC": os.O_TRUNC, "APPEND": os.O_APPEND, "NONBLOCK": os.O_NONBLOCK,
    "DIRECTORY": os.O_DIRECTORY, "NOFOLLOW": os.O_NOFOLLOW, "PATH": os.O_PATH, "DIRECT": os.O_DIRECT,
}  # fmt: skip
_SIGNALS = frozenset(map(int, signal.Signals))
_SCALES = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"))


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    title: str
    unit: str
    width: int
    symbols: Mapping[int, str]
    flags: bool

    def show(self, value: Any) -> str:
        if self.symbols and isinstance(value, int):
            return printable(_flags(self.symbols, value) if self.flags else self.symbols.get(value, str(value)))
        return printable(_FORMATS.get(self.unit, _plain)(value))

    def align(self, text: str) -> str:
        return text.rjust(self.width) if self.unit in _NUMBERS else text.ljust(self.width)


class RowTable:
    """Column widths are fixed by what is known of the columns and the first row.

    `width`: of the terminal. Payload is cut to it, and other columns stay out until it has a third of it.
    """

    def __init__(self, columns: Callable[[], Sequence[Mapping[str, Any]]], width: int | None = None) -> None:
        """``columns`` is asked when the first row is there: what they are is known only once a host has attached."""
        self._ask = columns
        self._known: dict[str, Mapping[str, Any]] = {}
        self._columns: list[_Column] = []
        self._containers: list[str] = []
        self._width = width

    def lines(self, row: Mapping[str, Any], *, anew: bool = False) -> list[str]:
        """The row, with the heading before the first one, whenever the table begins `anew`, and when the first row from
        a container comes: before, there is no column for it."""
        if not self._columns or self._first_container(row):
            self._begin(row)
            anew = True
        return [self._heading(), self._line(row)] if anew else [self._line(row)]

    def _begin(self, row: Mapping[str, Any]) -> None:
        self._known = {column["name"]: column for column in self._ask()}
        self._containers = [name for name, column in self._known.items() if column.get("unit") == "container"]
        names = dict.fromkeys([*row, *self._known])
        columns = [self._column(name, row.get(name)) for name in names if not self._hidden(name, row.get(name))]
        self._columns = sorted(columns, key=lambda column: column.unit in _LONG)
        if any(column.unit == "payload" for column in columns):
            self._make_room()
        else:
            self._width = None

    def _make_room(self) -> None:
        if self._width is None:
            return
        spare = [column for column in self._columns if column.unit not in _OF_PAYLOAD]
        while spare and sum(own.width + 1 for own in self._columns if own.unit != "payload") > self._width * 2 // 3:
            self._columns.remove(spare.pop())

    def _first_container(self, row: Mapping[str, Any]) -> bool:
        shown = {column.name for column in self._columns}
        return any(row[name] and name not in shown for name in self._containers if name in row)

    def _hidden(self, name: str, value: object) -> bool:
        return bool(self._known.get(name, {}).get("hidden")) or (name in self._containers and not value)

    def _column(self, name: str, value: object) -> _Column:
        known = self._known.get(name, {})
        unit = "boot_time" if name == "time" else str(known.get("unit", "none"))
        role = known.get("role")
        unit = role if role in ("stack", "payload") else unit
        title = str(known.get("title") or name).upper()
        usual = 0 if unit in _LONG else len(_FORMATS.get(unit, _plain)(value))
        symbols = {int(symbol["value"]): str(symbol["name"]) for symbol in known.get("symbols", ())}
        width = max(
            len(title), _WIDTHS.get(unit, 6), usual, min(max(map(len, symbols.values()), default=0), _SYMBOL_WIDTH)
        )
        return _Column(name, title, unit, width, symbols, bool(known.get("flags")))

    def _heading(self) -> str:
        return self._joined(column.align(column.title) for column in self._columns)

    def _line(self, row: Mapping[str, Any]) -> str:
        return self._joined(column.align(column.show(row.get(column.name))) for column in self._columns)

    def _joined(self, cells: Iterable[str]) -> str:
        line = " ".join(cells).rstrip()
        return line if self._width is None else _cut(line, self._width)


def _cut(line: str, width: int) -> str:
    """To so many cells of a terminal, in which some characters take two."""
    cells = 0
    for place, char in enumerate(line):
        cells += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if cells > width:
            kept = line[:place]
            return f"{kept[:-1]}…" if len(kept) > 1 else kept
    return line


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _clock(value: Any) -> str:
    """Local time of day to the microsecond; the row's own nanoseconds are in every other format."""
    stamp = str(value)
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    local = datetime.fromisoformat(f"{whole}+00:00").astimezone()
    return f"{local:%H:%M:%S}.{fraction[:6]:0<6}"


def _nanoseconds(value: Any) -> str:
    for scale, unit in _SCALES:
        if value is not None and abs(value) >= scale:
            return f"{value / scale:.4g}{unit}"
    return _plain(value) + ("ns" if value is not None else "")


def _errno(value: Any) -> str:
    return errno.errorcode.get(value, str(value)) if value else "0"


def _signal(value: Any) -> str:
    return signal.Signals(value).name if value in _SIGNALS else _plain(value)


def _open_flags(value: Any) -> str:
    """As in open(2), without the O_: every caller asks for CLOEXEC and LARGEFILE, they say nothing."""
    if value is None:
        return "-"
    names = [_ACCESS.get(value & os.O_ACCMODE, "3")]
    return "|".join(names + [name for name, bit in _OPEN_FLAGS.items() if value & bit == bit])


def _flags(symbols: Mapping[int, str], value: int) -> str:
    """The names of the bits that are set; what has no name as a number."""
    if not value:
        return symbols.get(0, "0")
    names = []
    for bits, name in symbols.items():
        if bits and value & bits == bits:
            names.append(name)
            value &= ~bits
    return "|".join(names + ([hex(value)] if value else []))


def _address(value: Any) -> str:
    return hex(value) if isinstance(value, int) else _plain(value)


def _terminal(value: Any) -> str:
    return f"pts/{value}" if isinstance(value, int) else _plain(value)


def _slot(value: Any) -> str:
    return f">={_nanoseconds(1 << value if value else 0)}"


def _stack(value: Any) -> str:
    return ";".join(map(str, value or []))


_FORMATS: dict[str, Callable[[Any], str]] = {
    "boot_time": _clock,
    "nanoseconds": _nanoseconds,
    "errno": _errno,
    "signal": _signal,
    "open_flags": _open_flags,
    "log2_slot": _slot,
    "address": _address,
    "connection": _address,
    "terminal": _terminal,
    "stack": _stack,
}
