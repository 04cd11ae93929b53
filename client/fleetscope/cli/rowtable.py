"""Rows as lines of a table, printed as they arrive: no row waits for a later one."""

import errno
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleetscope.cli.output import printable

_WIDTHS = {
    "boot_time": 15, "comm": 15, "pid": 7, "tid": 7, "uid": 6, "errno": 8, "nanoseconds": 9, "count": 8,
    "syscall": 18, "function": 24, "open_flags": 16, "signal": 8, "ip_address": 15, "word": 11,
}  # fmt: skip
# Of no certain length: they stand last.
_LONG = ("file_path", "argv", "stack")
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

    def show(self, value: Any) -> str:
        return printable(_FORMATS.get(self.unit, _plain)(value))

    def align(self, text: str) -> str:
        return text.rjust(self.width) if self.unit in _NUMBERS else text.ljust(self.width)


class RowTable:
    """Column widths are fixed by the manifest and the first row."""

    def __init__(self, manifest_columns: Sequence[Mapping[str, Any]]) -> None:
        self._manifest = {column["name"]: column for column in manifest_columns}
        self._columns: list[_Column] = []

    def lines(self, row: Mapping[str, Any]) -> list[str]:
        """The row, with the heading before the first one."""
        if self._columns:
            return [self._line(row)]
        columns = [self._column(name, row[name]) for name in row if not self._hidden(name)]
        self._columns = sorted(columns, key=lambda column: column.unit in _LONG)
        return [self._heading(), self._line(row)]

    def _hidden(self, name: str) -> bool:
        return bool(self._manifest.get(name, {}).get("hidden"))

    def _column(self, name: str, value: object) -> _Column:
        manifest = self._manifest.get(name, {})
        unit = "boot_time" if name == "time" else str(manifest.get("unit", "none"))
        unit = "stack" if manifest.get("role") == "stack" else unit
        title = str(manifest.get("title") or name).upper()
        usual = 0 if unit in _LONG else len(_FORMATS.get(unit, _plain)(value))
        return _Column(name, title, unit, max(len(title), _WIDTHS.get(unit, 6), usual))

    def _heading(self) -> str:
        return " ".join(column.align(column.title) for column in self._columns).rstrip()

    def _line(self, row: Mapping[str, Any]) -> str:
        return " ".join(column.align(column.show(row.get(column.name))) for column in self._columns).rstrip()


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
    "stack": _stack,
}
