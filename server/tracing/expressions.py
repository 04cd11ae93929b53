"""Pieces of SQL that mean the same wherever they stand: names, ranges, powers of two."""

from __future__ import annotations


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def log2(sql: str) -> str:
    """By its binary digits: DuckDB's log2() works in doubles, which round 2^60 - 1 up to 2^60."""
    return f"(length(bin(greatest({sql}, 1)::UBIGINT)) - 1)::UTINYINT"


def average(total: str, count: str) -> str:
    """Of an exact sum, so that it is the same in whatever order the rows were added up."""
    return f"{total}::DOUBLE / nullif({count}, 0)"
