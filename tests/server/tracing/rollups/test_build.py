from __future__ import annotations

import os
from collections import Counter
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from server.tracing.rollups import build as build_module
from server.tracing.rollups.build import build
from server.tracing.rollups.cubes import COUNT, CUBE, Cube, sum_name
from server.tracing.rollups.files import Rollups, rollup_path
from server.tracing.store import Sealed, SegmentStore
from tests.server.tracing.rollups.conftest import PATHS, RUN, SESSION
from tests.server.tracing.rows import BOOT, STACKS, batch


def test_each_cube_adds_up_to_the_rows(store: SegmentStore) -> None:
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    assert build(sealed, stream, 7)
    rollup = Rollups().of(sealed, 7)
    assert rollup is not None
    assert {Cube(key="path"), Cube(second=True), Cube(second=True, slot="latency")} <= set(rollup.cubes)
    table, rows = pq.read_table(rollup.path).to_pylist(), pq.read_table(sealed.path).to_pylist()
    latency = sum(row["latency"] for row in rows)
    for cube, number in rollup.cubes.items():
        found = [row for row in table if row[CUBE] == number]
        assert (sum(row[COUNT] for row in found), sum(row[sum_name("latency")] for row in found)) == (8000, latency)
        if cube == Cube(key="path"):
            assert {row["path"]: row[COUNT] for row in found} == Counter(row["path"] for row in rows)
            assert len(found) == len(PATHS)


def test_seconds_are_those_of_the_wall_clock(store: SegmentStore) -> None:
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    build(sealed, stream, 10**9 - 1_000_000)  # a second begins after the first thousand rows
    rollup = Rollups().of(sealed, 10**9 - 1_000_000)
    assert rollup is not None
    rows = pq.read_table(rollup.path).to_pylist()
    seconds = {row["time"]: row[COUNT] for row in rows if row[CUBE] == rollup.cubes[Cube(second=True)]}
    assert seconds == {BOOT - 999_000_000: 1000, BOOT + 1_000_000: 7000}


def test_a_key_that_hardly_repeats_has_no_cube(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_module, "SAMPLE_ROWS", 2)
    monkeypatch.setattr(build_module, "SMALLER", 4000)
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    build(sealed, stream, 0)
    rollup = Rollups().of(sealed, 0)
    assert rollup is not None
    assert Cube(second=True) in rollup.cubes and Cube(key="path") not in rollup.cubes


def test_only_one_process_builds(store: SegmentStore) -> None:
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    with sealed.path.open("rb") as other:
        flock(other, LOCK_EX)
        assert not build(sealed, stream, 0)
    os.remove(sealed.path)  # noqa: PTH107
    assert not build(sealed, stream, 0)


def test_what_a_crash_left_half_written_goes(store: SegmentStore) -> None:
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    target = rollup_path(sealed.path)
    target.with_name(f"{target.name}.4711.part").write_bytes(b"half")
    assert build(sealed, stream, 0)
    assert not list(sealed.path.parent.glob("*.part"))


def sampled(folder: Path, stacks: list[list[str | None]]) -> tuple[Sealed, list[dict[str, Any]]]:
    """A sealed file with these stacks in turn, a tenth of a second apart, and its rows."""
    lists = pa.array([stacks[n % len(stacks)] for n in range(5000)], pa.list_(pa.dictionary(pa.int32(), pa.utf8())))
    n = np.arange(5000)
    comm = pa.array([b"worker"] * 5000, pa.binary())
    rows = batch(STACKS, [pa.array(n * 10**8), comm, lists, pa.array(n, pa.uint64())])
    pq.write_table(pa.Table.from_batches([rows]), folder / "1.parquet", row_group_size=1000)
    return Sealed(folder / "1.parquet", "0", whole=True), rows.to_pylist()


def test_stacks_are_counted_exactly(tmp_path: Path) -> None:
    sealed, rows = sampled(tmp_path, [["main", "work"], ["main"], [], ["main", None], ["main\nwork"], ["main", "work"]])
    assert build(sealed, STACKS, 0)
    rollup = Rollups().of(sealed, 0)
    assert rollup is not None
    table = pq.read_table(rollup.path).to_pylist()
    for cube in (Cube(second=True, key="stack"), Cube(key="stack")):
        wanted: Counter[tuple[object, ...]] = Counter()
        for row in rows:
            wanted[row["time"] // 10**9 * 10**9 if cube.second else None, *row["stack"]] += row["samples"]
        found = [row for row in table if row[CUBE] == rollup.cubes[cube]]
        assert {(row["time"], *row["stack"]): row[sum_name("samples")] for row in found} == wanted
        assert len(found) == len(wanted)


def test_stacks_that_hardly_repeat_have_no_cube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_module, "SAMPLE_ROWS", 2)
    sealed, _ = sampled(tmp_path, [["main", str(n)] for n in range(1000)])
    assert build(sealed, STACKS, 0)
    rollup = Rollups().of(sealed, 0)
    assert rollup is not None
    assert Cube(key="comm") in rollup.cubes and not any(cube.key == "stack" for cube in rollup.cubes)
