"""Rows as lines of a table, printed as they arrive: no row waits for a later one."""

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleetscope.cli.output import printable

_WIDTHS = {"boot_time": 15, "comm": 15, "pid": 7, "tid": 7, "uid": 6, "errno": 8, "nanoseconds": 9, "file_path": 40}
_NUMBERS = frozenset(
    {"count", "bytes", "nanoseconds", "microseconds", "percent", "pid", "tid", "uid", "fd", "log2_slot"}
)
_SCALES = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"))


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    title: str
    width: int
    right: bool
    show: Callable[[Any], str]


class RowTable:
    """Column widths are fixed by the manifest and the first row."""

    def __init__(self, manifest_columns: Sequence[Mapping[str, Any]]) -> None:
        self._manifest = {column["name"]: column for column in manifest_columns}
        self._columns: list[_Column] = []

    def lines(self, row: Mapping[str, Any]) -> list[str]:
        """The row, with the heading before the first one."""
        if self._columns:
            return [self._line(row)]
        self._columns = [self._column(name, row[name]) for name in row if not self._hidden(name)]
        return [self._heading(), self._line(row)]

    def _hidden(self, name: str) -> bool:
        return bool(self._manifest.get(name, {}).get("hidden"))

    def _column(self, name: str, value: object) -> _Column:
        manifest = self._manifest.get(name, {})
        unit = "boot_time" if name == "time" else str(manifest.get("unit", "none"))
        unit = "stack" if manifest.get("role") == "stack" else unit
        title = str(manifest.get("title") or name).upper()
        show = _FORMATS.get(unit, _plain)
        width = max(len(title), _WIDTHS.get(unit, 6), len(show(value)) if unit != "file_path" else 0)
        return _Column(name, title, min(width, 60), unit in _NUMBERS, show)

    def _heading(self) -> str:
        return self._join([column.title for column in self._columns])

    def _line(self, row: Mapping[str, Any]) -> str:
        return self._join([printable(column.show(row.get(column.name))) for column in self._columns])

    def _join(self, cells: Sequence[str]) -> str:
        aligned = (
            cell.rjust(column.width) if column.right else cell.ljust(column.width)
            for cell, column in zip(cells, self._columns, strict=True)
        )
        return " ".join(aligned).rstrip()


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


def _slot(value: Any) -> str:
    return f">={_nanoseconds(1 << value if value else 0)}"


def _stack(value: Any) -> str:
    return ";".join(map(str, value or []))


_FORMATS: dict[str, Callable[[Any], str]] = {
    "boot_time": _clock,
    "nanoseconds": _nanoseconds,
    "errno": _errno,
    "log2_slot": _slot,
    "stack": _stack,
}
