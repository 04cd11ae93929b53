from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from server.tracing import engine


def test_the_engine_reads_nothing_but_the_store(tmp_path: Path) -> None:
    with engine.cursor(tmp_path) as connection:
        for sql in (
            "SELECT * FROM read_csv('/etc/passwd')",
            "COPY (SELECT 1) TO '/tmp/out'",
            "SET enable_external_access=true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql).fetchall()


def test_tables_belong_to_one_cursor(tmp_path: Path) -> None:
    with engine.cursor(tmp_path) as one, engine.cursor(tmp_path) as other:
        one.register("own", pa.table({"n": [1]}))
        assert one.execute("SELECT n FROM own").fetchall() == [(1,)]
        with pytest.raises(duckdb.CatalogException):
            other.execute("SELECT n FROM own")


SORTING = "SELECT count(*) FROM (SELECT range AS n, hash(range) AS h FROM range(3000000) ORDER BY h LIMIT 2500000)"


def test_the_first_that_memory_cannot_hold_goes_to_the_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MEMORY", "30MB")
    with engine.cursor(tmp_path) as connection:
        assert connection.execute(SORTING).fetchall() == [(2_500_000,)]


def test_what_memory_cannot_hold_goes_to_the_stores_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MEMORY", "30MB")
    stale = tmp_path / engine.SPILL / "of a killed process"
    stale.mkdir(parents=True)
    os.utime(stale, (0, 0))
    with engine.cursor(tmp_path) as connection:
        assert connection.execute(SORTING).fetchall() == [(2_500_000,)]
    assert not stale.exists()
