"""Run compiled questions in DuckDB over the sealed files and the open tail."""

from __future__ import annotations

import logging
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore, Timer
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa

from proto.columnar import arrow_schema
from proto.shortform import enum_short
from proto.text import escape, join_argv
from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from server.errors import Invalid, TooMany
from server.tracing.merge import Merged
from server.tracing.predicates import Target
from server.tracing.query import Compiled, Relation, compile_question
from server.tracing.question import Filter, Question
from server.tracing.rollups.cubes import Cube
from server.tracing.rollups.files import Rollups
from server.tracing.rollups.match import cube_of
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource, common_stream
from server.tracing.store import ROW, SEQ, Sealed, SegmentStore

logger = logging.getLogger(__name__)

SECONDS = 30.0
MEMORY = "1GB"
EXACT = 2**53  # what a browser's number holds
AT_ONCE = 4
TURN_SECONDS = 10.0
SPILL = ".spill"  # below the store, whose disk has room for what memory has not
SPILL_SIZE = "16GB"
STALE_SECONDS = 24 * 3600.0
_ROLLUPS = Rollups()
_TURNS = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Answer:
    columns: list[dict[str, str]]
    rows: list[list[Any]]


def answer(store: SegmentStore, source: SessionSource, stream_name: str, question: Question) -> Answer:
    """Raises Invalid when the question does not fit the stream or takes too long, TooMany when others are before it."""
    merged = common_stream(source, stream_name)
    cube = cube_of(question, merged.stream)
    if not _TURNS.acquire(timeout=TURN_SECONDS):
        raise TooMany(f"the server is answering {AT_ONCE} questions, as many as it can at once; ask again in a moment")
    try:
        if cube is not None:
            try:
                return _answer(store, source, merged, question, cube)
            except duckdb.Error as error:
                logger.warning("a rollup of session %s cannot be read, its rows are: %s", source.session, error)
        return _answer(store, source, merged, question, None)
    finally:
        _TURNS.release()


def _answer(
    store: SegmentStore, source: SessionSource, merged: Merged, question: Question, cube: Cube | None
) -> Answer:
    stream = merged.stream
    connection = _database(store.root).cursor()
    try:
        relations = [
            relation for run in source.runs for relation in _relations(connection, store, source, run, merged, cube)
        ]
        for attempt in [*_shortcuts(question, source), question]:
            compiled = compile_question(attempt, stream, relations or [_nothing(connection, stream)])
            rows = _fetch(connection, compiled)
            if len(rows) == question.limit:
                break
        shown = [[_shown(target, value) for target, value in zip(compiled.columns, row, strict=True)] for row in rows]
        return Answer([_column(target) for target in compiled.columns], shown)
    finally:
        connection.close()


def _shortcuts(question: Question, source: SessionSource) -> list[Question]:
    """The first rows are found by their numbers, without sorting all of them. It must give a full page to be right."""
    plain = not (question.filters or question.group_by or question.measures or question.order)
    if not plain or len(source.stream_names()) > 1:
        return []
    first = Filter(column="row", op="lt", value=question.offset + question.limit)
    return [question.model_copy(update={"filters": [first]})]


@cache
def _database(root: Path) -> duckdb.DuckDBPyConnection:
    """One engine a process. It can read the store's files and nothing else, whatever the SQL says."""
    connection = duckdb.connect(":memory:")
    for setting in (
        f"memory_limit = '{MEMORY}'",
        f"temp_directory = {_literal(_spill(root))}",
        f"max_temp_directory_size = '{SPILL_SIZE}'",
        "python_enable_replacements = false",
        "enable_progress_bar = false",
        "enable_external_file_cache = false",  # the kernel's is enough, and a deleted session is in none
        f"allowed_directories = [{_literal(f'{root}/')}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}").fetchall()
    return connection


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _spill(root: Path) -> Path:
    """A folder of this process's own; what processes left that were killed goes after a day."""
    for left in (root / SPILL).glob("*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    return root / SPILL / uuid4().hex


def _relations(
    connection: duckdb.DuckDBPyConnection,
    store: SegmentStore,
    source: SessionSource,
    run: RunSource,
    merged: Merged,
    cube: Cube | None,
) -> list[Relation]:
    number = run.stream_number(merged.stream.name)
    if number is None:
        return []
    snapshot = store.snapshot(source.session, run.run, number, run.schema.streams[number])
    stored = {column.name: merged.stored_name(run, column.name) for column in merged.stream.columns}
    shift = run.wall_ns - run.boot_ns
    relations, rest = _counted(snapshot.sealed, run.host, shift, stored, cube)
    if rest:
        paths = [str(sealed.path) for sealed in rest]
        relations.append(Relation("read_parquet(?)", [paths], run.host, shift, stored))
    if snapshot.tail is not None:
        tail = _registered(connection, f"tail_{run.run.hex}", snapshot.tail)
        relations.append(Relation(tail, [], run.host, shift, stored))
    return relations


def _counted(
    sealed: list[Sealed], host: str, shift: int, stored: dict[str, str | None], cube: Cube | None
) -> tuple[list[Relation], list[Sealed]]:
    """The relations of the rollups that hold this cube, and the files that have none."""
    own = cube and _own(cube, stored)
    if cube is None or own is None:
        return [], sealed
    found: dict[int, list[str]] = {}
    rest = []
    for one in sealed:
        rollup = _ROLLUPS.of(one, shift) if one.whole else None
        if rollup is None or own not in rollup.cubes:
            rest.append(one)
        else:
            found.setdefault(rollup.cubes[own], []).append(str(rollup.path))
    return [
        Relation("read_parquet(?)", [paths], host, shift, stored, cube, number) for number, paths in found.items()
    ], rest


def _own(cube: Cube, stored: dict[str, str | None]) -> Cube | None:
    """The cube as the run calls it; None when it lacks a column, whose rows then hold null."""
    if None in stored.values():
        return None
    return Cube(cube.second, stored.get(cube.key) or "", stored.get(cube.slot) or "")


def _nothing(connection: duckdb.DuckDBPyConnection, stream: StreamSchema) -> Relation:
    schema = arrow_schema(stream.columns).append(pa.field(SEQ, pa.uint64())).append(pa.field(ROW, pa.uint64()))
    return Relation(_registered(connection, "nothing", schema.empty_table()), [], "", 0)


def _registered(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> str:
    connection.register(name, table)
    return name


def _fetch(connection: duckdb.DuckDBPyConnection, compiled: Compiled) -> list[tuple[Any, ...]]:
    watchdog = Timer(SECONDS, connection.interrupt)
    watchdog.start()
    try:
        return connection.execute(compiled.sql, compiled.values).fetchall()
    except duckdb.InterruptException as error:
        raise Invalid(f"the question takes longer than {SECONDS:.0f} s; filter by time or ask for less") from error
    except duckdb.OutOfMemoryException as error:
        raise Invalid(f"the question needs more than {MEMORY} of memory; filter by time or group by less") from error
    finally:
        watchdog.cancel()


def _column(target: Target) -> dict[str, str]:
    return {"name": target.name, "type": _kind(target), "unit": enum_short(tool_pb2.Unit.DESCRIPTOR, target.unit)}


def _kind(target: Target) -> str:
    if target.is_time:
        return "time"
    if target.sql_type == "VARCHAR[]":
        return "stack"
    return "number" if target.is_number else "text"


def _shown(target: Target, value: Any) -> Any:
    """Bytes by the rule of exports; times and integers that a double cannot hold as decimal text."""
    if isinstance(value, bytes):
        return join_argv(value) if target.is_argv else escape(value)
    if isinstance(value, int) and (target.is_time or abs(value) > EXACT):
        return str(value)
    return value
