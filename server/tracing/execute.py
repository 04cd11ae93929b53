"""Run compiled questions over the sealed files and the open tail."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any

import duckdb

from proto.shortform import enum_short
from proto.text import escape, join_argv
from proto.v1 import tool_pb2
from server.departure import Departure
from server.errors import Gone, Invalid, TooMany
from server.tracing import engine
from server.tracing.merge import Merged
from server.tracing.predicates import Target
from server.tracing.query import Compiled, compile_question
from server.tracing.question import Filter, Question
from server.tracing.relations import relations_of
from server.tracing.rollups.cubes import Cube
from server.tracing.rollups.match import cube_of
from server.tracing.sources import SessionSource, common_stream
from server.tracing.store import SegmentStore
from server.tracing.watchdog import Watchdog

logger = logging.getLogger(__name__)

SECONDS = 30.0
EXACT = 2**53  # what a browser's number holds
_SMALL = frozenset({"UTINYINT", "USMALLINT", "UINTEGER", "INTEGER", "DOUBLE"})  # and it holds all of these
AT_ONCE = 4
TURN_SECONDS = 10.0
_TURNS = BoundedSemaphore(AT_ONCE)
_WATCHDOG = Watchdog()


@dataclass(frozen=True, slots=True)
class Answer:
    columns: list[dict[str, str]]
    rows: list[list[Any]]


def answer(
    store: SegmentStore,
    source: SessionSource,
    stream_name: str,
    question: Question,
    departure: Departure | None = None,
) -> Answer:
    """Raises Invalid when the question does not fit the stream or takes too long, TooMany when others are before it,
    Gone when whoever asked has left.
    """
    departure = departure or Departure()
    merged = common_stream(source, stream_name)
    cube = cube_of(question, merged.stream)
    if not _TURNS.acquire(timeout=TURN_SECONDS):
        raise TooMany(f"the server is answering {AT_ONCE} questions, as many as it can at once; ask again in a moment")
    try:
        if cube is not None:
            try:
                return _answer(store, source, merged, question, cube, departure)
            except duckdb.Error as error:
                logger.warning("a rollup of session %s cannot be read, its rows are: %s", source.session, error)
        return _answer(store, source, merged, question, None, departure)
    finally:
        _TURNS.release()


def _answer(
    store: SegmentStore,
    source: SessionSource,
    merged: Merged,
    question: Question,
    cube: Cube | None,
    departure: Departure,
) -> Answer:
    with engine.cursor(store.root, spill=not source.encrypted) as connection:
        for attempt in [*_shortcuts(question, source), question]:
            relations = relations_of(connection, store, source, merged, cube, attempt.filters)
            compiled = compile_question(attempt, merged.stream, relations)
            rows = _fetch(connection, compiled, departure)
            if len(rows) == question.limit:
                break
    by_column = zip(*rows, strict=True)  # none where there are no rows
    shown = [_shown(target, values) for target, values in zip(compiled.columns, by_column, strict=False)]
    return Answer([_column(target) for target in compiled.columns], [list(row) for row in zip(*shown, strict=True)])


def _shortcuts(question: Question, source: SessionSource) -> list[Question]:
    """The first rows are found by their numbers, without sorting all of them. It must give a full page to be right."""
    plain = not (question.conditions or question.group_by or question.measures or question.order)
    if not plain or len(source.stream_names()) > 1 or source.encrypted:
        return []
    first = Filter(column="row", op="lt", value=question.offset + question.limit)
    return [question.model_copy(update={"filters": [first]})]


def _fetch(connection: duckdb.DuckDBPyConnection, compiled: Compiled, departure: Departure) -> list[tuple[Any, ...]]:
    stop = connection.interrupt
    try:
        with _WATCHDOG.limiting(SECONDS, stop), departure.stopping(stop):
            if departure.gone:
                raise Gone("whoever asked has left")
            return connection.execute(compiled.sql, compiled.values).fetchall()
    except duckdb.InterruptException as error:
        if departure.gone:
            raise Gone("whoever asked has left") from error
        raise Invalid(f"the question takes longer than {SECONDS:.0f} s; filter by time or ask for less") from error
    except duckdb.OutOfMemoryException as error:
        raise Invalid(
            f"the question needs more than {engine.MEMORY} of memory; filter by time or group by less"
        ) from error


def _column(target: Target) -> dict[str, str]:
    return {"name": target.name, "type": _kind(target), "unit": enum_short(tool_pb2.Unit.DESCRIPTOR, target.unit)}


def _kind(target: Target) -> str:
    if target.is_time:
        return "time"
    if target.sql_type == "VARCHAR[]":
        return "stack"
    return "number" if target.is_number else "text"


def _shown(target: Target, values: Sequence[Any]) -> Sequence[Any]:
    """Of one column: bytes by the rule of exports; times and integers that a double cannot hold as decimal text."""
    if target.sql_type == "BLOB":
        text = join_argv if target.is_argv else escape
        texts = {value: value if value is None else text(value) for value in set(values)}
        return [texts[value] for value in values]
    if target.is_time:
        return [str(value) if isinstance(value, int) else value for value in values]
    if target.sql_type not in _SMALL:
        return [str(value) if isinstance(value, int) and abs(value) > EXACT else value for value in values]
    return values
