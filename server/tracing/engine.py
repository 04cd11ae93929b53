"""One DuckDB a process. It can read the store's files and nothing else, whatever the SQL says."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

import duckdb

MEMORY = "1GB"
SPILL = ".spill"  # below the store, whose disk has room for what memory has not
SPILL_SIZE = "16GB"
STALE_SECONDS = 24 * 3600.0


@contextmanager
def cursor(root: Path, *, spill: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables that are registered with it are its own. ``spill``: what memory has no room for may go to the disk."""
    found = (database(root) if spill else _in_memory(root)).cursor()
    try:
        yield found
    finally:
        found.close()


@cache
def database(root: Path) -> duckdb.DuckDBPyConnection:
    return _connect(root, str(_spill(root)))


@cache
def _in_memory(root: Path) -> duckdb.DuckDBPyConnection:
    """For rows that are encrypted on the disk and shall not come back to it as they are."""
    return _connect(root, "")


def _connect(root: Path, spill: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    for setting in (
        f"memory_limit = '{MEMORY}'",
        f"temp_directory = {_literal(spill)}",
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
    (root / SPILL).mkdir(exist_ok=True)  # DuckDB makes the last folder alone
    return root / SPILL / uuid4().hex
