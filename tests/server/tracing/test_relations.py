from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from server.tracing import engine
from server.tracing.question import Filter
from server.tracing.relations import pieces_of, relations_of
from server.tracing.rollups.cubes import Cube
from server.tracing.rollups.upkeep import roll_up
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource, common_stream
from server.tracing.store import SegmentStore
from server.tracing.store import writer as writer_module
from tests.server.tracing.rows import BOOT, SCHEMA, WALL, Frames

SESSION = UUID(int=1)
RUN = RunSource(UUID(int=2), "host-2", SCHEMA, BOOT, WALL)
SOURCE = SessionSource(SESSION, ended=False, runs=[RUN])


def test_the_pieces_of_a_run_lie_one_behind_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_SECONDS", 0.0)
    store, frames = SegmentStore(tmp_path), Frames()
    store.pin(SESSION, RUN.run, SCHEMA)
    for sealed in (True, True, False):
        store.append(SESSION, RUN.run, [frames.rows_of(10)])
        if sealed:
            store.seal_due()
    with engine.cursor(store.root) as connection:
        merged = common_stream(SOURCE, "events")
        found = [
            connection.execute(f"SELECT min(_row), max(_row) FROM {piece.sql}", piece.values).fetchall()
            for piece in pieces_of(connection, store, SOURCE, RUN, merged)
        ]
        assert found == [[(0, 9)], [(10, 19)], [(20, 29)]]
        relations = relations_of(connection, store, SOURCE, merged, None)
        sizes = [connection.execute(f"SELECT count(*) FROM {one.sql}", one.values).fetchall() for one in relations]
        assert sizes == [[(20,)], [(10,)]], "the sealed files together, and the tail"


def test_files_without_a_row_that_may_pass_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "SEGMENT_SECONDS", 0.0)
    store, frames = SegmentStore(tmp_path), Frames()
    store.pin(SESSION, RUN.run, SCHEMA)
    for _ in range(3):
        store.append(SESSION, RUN.run, [frames.rows_of(10)])
        store.seal_due()
    roll_up(store, SESSION, RUN.run, WALL - BOOT)
    merged = common_stream(SOURCE, "events")
    row = Filter(column="row", op="ge", value=20)
    behind, before = str(WALL + 9_000), str(WALL + 10_000)
    times = [Filter(column="time", op="gt", value=behind), Filter(column="time", op="le", value=before)]
    with engine.cursor(store.root) as connection:
        for cube in (None, Cube(second=True)):
            for filters, wanted in (([], 3), ([row], 1), (times, 1), ([row, *times], 0)):
                [found] = relations_of(connection, store, SOURCE, merged, cube, filters)
                assert found.cube == (cube if wanted else None)
                assert len(found.values[0] if found.values else []) == wanted
        assert len(pieces_of(connection, store, SOURCE, RUN, merged, [row])) == 1


def test_without_rows_there_is_an_empty_relation(tmp_path: Path) -> None:
    with engine.cursor(tmp_path) as connection:
        merged = common_stream(SOURCE, "events")
        (nothing,) = relations_of(connection, SegmentStore(tmp_path), SOURCE, merged, None)
        assert connection.execute(f"SELECT time, path, _row FROM {nothing.sql}").fetchall() == []
