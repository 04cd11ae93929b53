"""Where the rows of a session are now: sealed files, what their rollups know, the open tail."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from proto.columnar import arrow_schema
from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import StreamSchema
from server.errors import Invalid
from server.tracing.merge import Merged
from server.tracing.pruning import may_hold
from server.tracing.query import Relation
from server.tracing.question import Filter
from server.tracing.rollups.cubes import Cube
from server.tracing.rollups.files import Rollups
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import ROW, SEQ, OpenRows, Sealed, SegmentStore, Snapshot, TooLargeError

_ROLLUPS = Rollups()


def relations_of(
    connection: duckdb.DuckDBPyConnection,
    store: SegmentStore,
    source: SessionSource,
    merged: Merged,
    cube: Cube | None,
    filters: Sequence[Filter] = (),
) -> list[Relation]:
    """Of the merged stream in all runs; ``cube``: from the rollups that hold it, where there are some. Files without a
    row that may pass the ``filters`` are left out.
    """
    runs = [_of_run(connection, store, source, run, merged, cube, filters) for run in source.runs]
    found = [relation for relations in runs for relation in relations]
    return found or [_nothing(connection, merged.stream)]


def pieces_of(
    connection: duckdb.DuckDBPyConnection,
    store: SegmentStore,
    source: SessionSource,
    run: RunSource,
    merged: Merged,
    filters: Sequence[Filter] = (),
) -> list[Relation]:
    """Of one run, each with rows that lie before those of the next."""
    number = run.stream_number(merged.stream.name)
    if number is None:
        return []
    snapshot = _snapshot(store, source, run, number)
    shift, stored = _names(run, merged)
    needed = _needed(snapshot.sealed, merged, filters, shift, stored)
    found = [Relation("read_parquet(?)", [[str(sealed.path)]], run.host, shift, stored) for sealed in needed]
    return found + _tail(connection, run, snapshot.tail, stored)


def _of_run(
    connection: duckdb.DuckDBPyConnection,
    store: SegmentStore,
    source: SessionSource,
    run: RunSource,
    merged: Merged,
    cube: Cube | None,
    filters: Sequence[Filter],
) -> list[Relation]:
    number = run.stream_number(merged.stream.name)
    if number is None:
        return []
    snapshot = _snapshot(store, source, run, number)
    shift, stored = _names(run, merged)
    needed = _needed(snapshot.sealed, merged, filters, shift, stored)
    relations, rest = _counted(needed, run.host, shift, stored, cube)
    if rest:
        paths = [str(sealed.path) for sealed in rest]
        relations.append(Relation("read_parquet(?)", [paths], run.host, shift, stored))
    return relations + _tail(connection, run, snapshot.tail, stored)


def _needed(
    sealed: list[Sealed], merged: Merged, filters: Sequence[Filter], shift: int, stored: dict[str, str | None]
) -> list[Sealed]:
    times = {column.name: shift for column in merged.stream.columns if column.unit == tool_pb2.UNIT_BOOT_TIME}
    return [one for one in sealed if may_hold(one, filters, stored, times)]


def _snapshot(store: SegmentStore, source: SessionSource, run: RunSource, number: int) -> Snapshot:
    """Raises Invalid."""
    try:
        return store.snapshot(source.session, run.run, number, run.schema)
    except TooLargeError as error:
        raise Invalid(
            f"the rows of {run.host} are encrypted and too many to be decrypted at once; export them without filters"
        ) from error


def _names(run: RunSource, merged: Merged) -> tuple[int, dict[str, str | None]]:
    stored = {column.name: merged.stored_name(run, column.name) for column in merged.stream.columns}
    return run.wall_ns - run.boot_ns, stored


def _tail(
    connection: duckdb.DuckDBPyConnection,
    run: RunSource,
    tail: pa.Table | OpenRows | None,
    stored: dict[str, str | None],
) -> list[Relation]:
    if tail is None:
        return []
    name = _registered(connection, f"tail_{run.run.hex}", tail)
    return [Relation(name, [], run.host, run.wall_ns - run.boot_ns, stored)]


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


def _registered(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table | OpenRows) -> str:
    connection.register(name, table)
    return name
