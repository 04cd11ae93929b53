"""Sealed files that hold none of the rows which filters ask for are not opened: the least and the greatest row and time
of each are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from server.tracing.question import Filter
from server.tracing.store import RISING, ROW, Known, Sealed

Extent = tuple[int, int]  # the least and the greatest value

_MAY_PASS: dict[str, Callable[[int, int, int], bool]] = {
    "eq": lambda least, most, value: least <= value <= most,
    "lt": lambda least, _, value: least < value,
    "le": lambda least, _, value: least <= value,
    "gt": lambda _, most, value: most > value,
    "ge": lambda _, most, value: most >= value,
}


def may_hold(
    sealed: Sealed, filters: Sequence[Filter], stored: Mapping[str, str | None], times: Mapping[str, int]
) -> bool:
    """Whether some row of the file may pass all ``filters``. ``stored``: what the run calls the columns; ``times``:
    those that are filtered by the wall clock, and what makes it of the file's.
    """
    extents: dict[str, Extent] | None = None
    for wanted in filters:
        name = ROW if wanted.column == "row" else stored.get(wanted.column)
        if name not in RISING or wanted.negated or wanted.op not in _MAY_PASS:
            continue
        extents = _extents_of(sealed) if extents is None else extents
        value = _number(wanted)
        if name in extents and value is not None:
            least, most = extents[name]
            if not _MAY_PASS[wanted.op](least, most, value - times.get(wanted.column, 0)):
                return False
    return True


def _number(wanted: Filter) -> int | None:
    try:
        return int(wanted.value) if isinstance(wanted.value, int | str) else None
    except ValueError:
        return None


def _extents_of(sealed: Sealed) -> dict[str, Extent]:
    try:
        return _KNOWN.of(sealed.path)
    except (OSError, ValueError, pa.ArrowException):
        return {}  # whoever reads the rows tells what is wrong


def _read(path: Path) -> dict[str, Extent]:
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    places = {groups[0].column(place).path_in_schema: place for place in range(metadata.num_columns)} if groups else {}
    found = {}
    for name in RISING:
        parts = [group.column(places[name]).statistics for group in groups] if name in places else []
        if parts and all(part is not None and part.has_min_max for part in parts):
            found[name] = (min(part.min for part in parts), max(part.max for part in parts))
    return found


_KNOWN = Known(_read)
