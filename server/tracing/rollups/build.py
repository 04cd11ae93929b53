"""Make the rollup of a sealed file: every cube of its stream that is much smaller than the rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from proto.columnar import arrow_type
from proto.v1.stream_pb2 import StreamSchema
from server.tracing.expressions import log2, quoted
from server.tracing.rollups import cubes as names
from server.tracing.rollups.cubes import COUNT, CUBE, SECOND_NS, Cube, cubes
from server.tracing.rollups.files import metadata, rollup_path
from server.tracing.rollups.stacks import NumberedRows
from server.tracing.store import Sealed, replace_file

MEMORY = "256MB"
SAMPLE_ROWS = 128 * 1024
SMALLER = 8  # so many times smaller than its rows a cube has to be
SUM = pa.decimal128(38, 0)


def build(sealed: Sealed, stream: StreamSchema, shift: int) -> bool:
    """Durable when it returns. False: another process is at it, or the rows are gone."""
    try:
        handle = os.open(sealed.path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        flock(handle, LOCK_EX | LOCK_NB)
        target = rollup_path(sealed.path)
        for part in target.parent.glob(f"{target.name}.*.part"):
            part.unlink()  # of a process that crashed while it held this lock
        with closing(_engine(sealed.path)) as engine:
            replace_file(target, _Builder(engine, sealed, stream, shift).write())
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(handle)
    return True


def _engine(path: Path) -> duckdb.DuckDBPyConnection:
    """It reads this one file, with one thread and little memory: rows are coming in meanwhile."""
    engine = duckdb.connect(":memory:")
    for setting in (
        f"memory_limit = '{MEMORY}'",
        "threads = 1",
        "temp_directory = ''",
        "python_enable_replacements = false",
        "enable_progress_bar = false",
        f"allowed_paths = ['{str(path).replace(chr(39), chr(39) * 2)}']",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        engine.execute(f"SET {setting}").fetchall()
    return engine


class _Builder:
    def __init__(self, engine: duckdb.DuckDBPyConnection, sealed: Sealed, stream: StreamSchema, shift: int) -> None:
        self._engine = engine
        self._path = str(sealed.path)
        self._sha256 = sealed.sha256
        self._stream = stream
        self._shift = shift
        self._time = names.time_column(stream)
        self._measures = names.measures(stream)
        self._rows: int = pq.read_metadata(sealed.path).num_rows
        self._most = max(self._rows, SAMPLE_ROWS) // SMALLER
        others = [*([self._time] if self._time else []), *self._measures]
        self._numbered = {stack: NumberedRows(sealed.path, stack, others, self._most) for stack in names.stacks(stream)}

    def write(self) -> bytes:
        found = self._cubes()
        numbers = {cube: number for number, cube in enumerate(found)}
        schema = self._schema()
        sink = pa.BufferOutputStream()
        head = metadata(self._sha256, self._shift, numbers)
        with pq.ParquetWriter(sink, schema.with_metadata(head), compression="zstd") as writer:
            for cube, table in found.items():
                # A row group holds one cube: the others are not read for it.
                writer.write_table(_filled(table, schema, numbers[cube]), row_group_size=max(1, table.num_rows))
        return bytes(sink.getvalue())

    def _cubes(self) -> dict[Cube, pa.Table]:
        few = self._with_few_values() | self._numbered.keys()
        found: dict[Cube, pa.Table] = {}
        finer: dict[str, pa.Table] = {}
        for cube in cubes(self._stream):
            if cube.key and cube.key not in few:
                continue
            table = self._table(cube, finer.get(cube.key))
            finer = {cube.key: table} if table is not None and cube.second and cube.key else {}
            if table is not None and table.num_rows <= self._most:
                found[cube] = self._with_stacks(table)
        return found

    def _table(self, cube: Cube, finer: pa.Table | None) -> pa.Table | None:
        """None: there are too many different values for the memory that counting may take."""
        with suppress(duckdb.OutOfMemoryException):
            if finer is not None:
                return self._add_up(cube, finer)
            if cube.key in self._numbered:
                return self._count_stacks(cube, self._numbered[cube.key])
            return self._count(cube, "read_parquet(?)", [self._path])
        return None

    def _with_few_values(self) -> set[str]:
        """Keys that repeat in the first rows; counting the others would be as much work as the question itself."""
        keys = names.keys(self._stream)
        if not keys:
            return set()
        counts = ", ".join(f"count(DISTINCT {quoted(key)})" for key in keys)
        sample = f"SELECT {counts} FROM (SELECT * FROM read_parquet(?) LIMIT {SAMPLE_ROWS})"  # noqa: S608
        found = self._engine.execute(sample, [self._path]).fetchall()[0]
        bound = max(min(self._rows, SAMPLE_ROWS) // 4, 1000)
        return {key for key, values in zip(keys, found, strict=True) if values <= bound}

    def _count_stacks(self, cube: Cube, rows: NumberedRows) -> pa.Table | None:
        if rows.too_many:
            return None
        with self._registered("numbered", rows.reader()) as name:
            table = self._count(cube, name, [])
        return None if rows.too_many else table

    def _count(self, cube: Cube, relation: str, place: list[object]) -> pa.Table:
        shown: list[str] = []
        values: list[object] = []
        if cube.second and self._time:
            time = quoted(self._time)
            shown.append(f"{time} - ({time} + ?::BIGINT) % {SECOND_NS} AS {time}")
            values.append(self._shift)
        if cube.key:
            shown.append(quoted(cube.key))
        if cube.slot:
            shown.append(f"{log2(quoted(cube.slot))} AS {quoted(names.slot_name(cube.slot))}")
        sums = [f"count(*)::UBIGINT AS {quoted(COUNT)}"]
        for measure in self._measures:
            sums += _sums(measure, quoted(measure), quoted(measure), quoted(measure))
        return self._fetch(shown, sums, relation, [*values, *place])

    def _add_up(self, cube: Cube, finer: pa.Table) -> pa.Table:
        """A cube from one that has its key and more."""
        sums = [f"sum({quoted(COUNT)})::UBIGINT AS {quoted(COUNT)}"]
        for measure in self._measures:
            parts = (names.sum_name(measure), names.min_name(measure), names.max_name(measure))
            sums += _sums(measure, *(quoted(part) for part in parts))
        with self._registered("finer", finer) as name:
            return self._fetch([quoted(cube.key)], sums, name, [])

    @contextmanager
    def _registered(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> Iterator[str]:
        self._engine.register(name, rows)
        try:
            yield name
        finally:
            self._engine.unregister(name)

    def _with_stacks(self, table: pa.Table) -> pa.Table:
        """A table that was counted by the numbers of stacks, with the stacks themselves."""
        for place, name in enumerate(table.schema.names):
            if name in self._numbered:
                lists = self._numbered[name].numbers.stacks(table[name].combine_chunks())
                table = table.set_column(place, name, lists)
        return table

    def _fetch(self, shown: list[str], sums: list[str], relation: str, values: list[object]) -> pa.Table:
        places = ", ".join(str(number + 1) for number in range(len(shown)))
        sql = f"SELECT {', '.join(shown + sums)} FROM {relation} GROUP BY {places} ORDER BY {places}"  # noqa: S608
        return self._engine.sql(sql, params=values).to_arrow_table()

    def _schema(self) -> pa.Schema:
        """One for all cubes, so that the rollups of a run read as one table."""
        types = {column.name: arrow_type(column) for column in self._stream.columns}
        fields = [pa.field(CUBE, pa.uint16()), pa.field(COUNT, pa.uint64())]
        fields += [pa.field(name, types[name]) for name in ([self._time] if self._time else [])]
        fields += [pa.field(name, _plain(types[name])) for name in names.keys(self._stream)]
        fields += [pa.field(name, pa.list_(pa.utf8())) for name in self._numbered]
        for measure in self._measures:
            fields.append(pa.field(names.slot_name(measure), pa.uint8()))
            fields.append(pa.field(names.sum_name(measure), SUM))
            fields.append(pa.field(names.min_name(measure), types[measure]))
            fields.append(pa.field(names.max_name(measure), types[measure]))
        return pa.schema(fields)


def _sums(measure: str, total: str, least: str, most: str) -> list[str]:
    return [
        f"sum({total})::DECIMAL(38, 0) AS {quoted(names.sum_name(measure))}",
        f"min({least}) AS {quoted(names.min_name(measure))}",
        f"max({most}) AS {quoted(names.max_name(measure))}",
    ]


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _filled(table: pa.Table, schema: pa.Schema, number: int) -> pa.Table:
    rows = table.num_rows
    columns = []
    for field in schema:
        if field.name == CUBE:
            columns.append(pa.nulls(rows, pa.uint16()).fill_null(number))
        elif field.name in table.schema.names:
            columns.append(table[field.name].cast(field.type))
        else:
            columns.append(pa.nulls(rows, field.type))
    return pa.Table.from_arrays(columns, schema=schema)
