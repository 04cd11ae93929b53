"""Streams whose columns are known only at a run's start: what C sees of them, and where user space finds the columns.

Their records hold the manifest's columns and behind them raw bytes, of which user space makes the other columns. The
program is the same whatever they are. Needs no numpy, so that the small root process of the agent can use it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proto.v1 import tool_pb2 as pb

RAW = "fs_raw"


class Place(enum.Enum):
    """What lies at a field's offset. A location is a u32: where the value is, and in its upper half how many bytes it
    has. ``LOCATED`` counts from the record's start, ``RELATIVE`` from behind the word itself.
    """

    HERE = enum.auto()
    LOCATED = enum.auto()
    RELATIVE = enum.auto()


@dataclass(frozen=True, slots=True)
class RawField:
    """One column in the raw bytes. ``offset``: from their first. ``size``: of what lies there, for numbers 1, 2, 4 or
    8. ``base``: where in the record that locations count from the first raw byte lay.
    """

    column: pb.Column
    offset: int
    size: int
    signed: bool = False
    place: Place = Place.HERE
    base: int = 0


def dynamic_stream(tool: pb.Tool) -> pb.Stream | None:
    """The one whose columns the manifest cannot know."""
    return next((stream for stream in tool.streams if stream.dynamic), None)


def with_raw(tool: pb.Tool, classes: Sequence[int]) -> pb.Tool:
    """The tool as it is compiled: ``classes`` are the sizes of slots for the raw bytes, ascending, multiples of 8."""
    compiled = pb.Tool()
    compiled.CopyFrom(tool)
    for stream in compiled.streams:
        if stream.dynamic:
            stream.columns.add(name=RAW, type=pb.CTYPE_STRING, classes=classes)
    return compiled


def without_raw(columns: Iterable[pb.Column]) -> list[pb.Column]:
    return [column for column in columns if column.name != RAW]
