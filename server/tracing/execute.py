"""Run compiled questions in DuckDB over the sealed files and the open tail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
import pyarrow as pa

from proto.columnar import arrow_schema
from proto.shortform import enum_short
from proto.text import escape, join_argv
from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from server.errors import Invalid
from server.tracing.merge import Merged
from server.tracing.predicates import Target
from server.tracing.query import Compiled, Filter, Question, Relation, compile_question
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource, common_stream
from server.tracing.store import ROW, SEQ, SegmentStore

SECONDS = 30.0
MEMORY = "1GB"
EXACT = 2**53  # what a browser's number holds


@dataclass(frozen=True, slots=True)
class Answer:
    columns: list[dict[str, str]]
    rows: list[list[Any]]


def answer(store: SegmentStore, source: SessionSource, stream_name: str, question: Question) -> Answer:
    """Raises Invalid when the question does not fit the stream or takes too long."""
    merged = common_stream(source, stream_name)
    stream = merged.stream
    connection = _database(store.root).cursor()
    try:
        relations = [relation for run in source.runs for relation in _relations(connection, store, source, run, merged)]
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
        "temp_directory = ''",
        "python_enable_replacements = false",
        f"allowed_directories = ['{str(root).replace(chr(39), chr(39) * 2)}/']",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}").fetchall()
    return connection


def _relations(
    connection: duckdb.DuckDBPyConnection,
    store: SegmentStore,
    source: SessionSource,
    run: RunSource,
    merged: Merged,
) -> list[Relation]:
    number = run.stream_number(merged.stream.name)
    if number is None:
        return []
    snapshot = store.snapshot(source.session, run.run, number, run.schema.streams[number])
    shift = run.wall_ns - run.boot_ns
    stored = {column.name: merged.stored_name(run, column.name) for column in merged.stream.columns}
    relations = []
    if snapshot.sealed:
        paths = [str(path) for path in snapshot.sealed]
        relations.append(Relation("read_parquet(?)", [paths], run.host, shift, stored))
    if snapshot.tail is not None:
        tail = _registered(connection, f"tail_{run.run.hex}", snapshot.tail)
        relations.append(Relation(tail, [], run.host, shift, stored))
    return relations


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
