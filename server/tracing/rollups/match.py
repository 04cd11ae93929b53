"""Which cube answers a question exactly, if one does."""

from __future__ import annotations

from proto.v1.stream_pb2 import StreamSchema
from server.tracing.question import Filter, Key, Question
from server.tracing.rollups.cubes import SECOND_NS, Cube, cubes, measures, time_column

_SUMMED = frozenset({"count", "sum", "min", "max", "avg"})


def cube_of(question: Question, stream: StreamSchema) -> Cube | None:
    """None: only the rows know."""
    if not (question.group_by or question.measures):
        return None
    kept = set(measures(stream))
    if any(m.function not in _SUMMED or (m.column and m.column not in kept) for m in question.measures):
        return None
    time = time_column(stream)
    parts: list[Key | Filter] = [*question.group_by, *question.conditions]
    if not all(_by_seconds(part) for part in parts if part.column == time):
        return None
    others = [part for part in parts if part.column not in ("host", time)]
    second = any(part.column == time for part in parts)
    return next((cube for cube in _smallest_first(stream) if _holds(cube, others, second=second)), None)


def _smallest_first(stream: StreamSchema) -> list[Cube]:
    return sorted(cubes(stream), key=lambda cube: (bool(cube.key or cube.slot), cube.second))


def _holds(cube: Cube, parts: list[Key | Filter], *, second: bool) -> bool:
    if second and not cube.second:
        return False
    return all(part.column == cube.key or _is_slot(part, cube.slot) for part in parts)


def _is_slot(part: Key | Filter, slot: str) -> bool:
    return isinstance(part, Key) and part.log2 and part.column == slot


def _by_seconds(part: Key | Filter) -> bool:
    """It tells no two moments of the same second apart."""
    if isinstance(part, Key):
        return part.width is not None and part.width % SECOND_NS == 0 and not part.log2
    # What is before or behind a whole second: `le` and `gt` mean the last nanosecond before it.
    edge = {"lt": 0, "ge": 0, "le": 1, "gt": 1}.get(part.op)
    if edge is None or not isinstance(part.value, int | str):
        return False
    try:
        return (int(part.value) + edge) % SECOND_NS == 0
    except ValueError:
        return False
