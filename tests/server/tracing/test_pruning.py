from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.tracing.pruning import may_hold
from server.tracing.question import Filter
from server.tracing.store import Sealed
from tests.server.tracing.reference import agrees
from tests.server.tracing.rows import BOOT, events

SHIFT = 1_000_003
STORED = {"time": "time", "pid": "pid", "elsewhere": None}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """Rows 40 to 59 in several groups."""
    path = tmp_path_factory.mktemp("pruning") / "rows.parquet"
    table = pa.Table.from_batches([events(40, 20)])
    table = table.append_column("_row", pa.array(range(40, 60), pa.uint64()))
    pq.write_table(table, path, row_group_size=7)
    return Sealed(path, "", whole=True)


def on(column: str, op: Any, value: Any, *, negated: bool = False) -> Filter:
    return Filter(column=column, op=op, value=value, negated=negated)


def held(sealed: Sealed, *filters: Filter) -> bool:
    return may_hold(sealed, filters, STORED, {"time": SHIFT})


numbers = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
filters = st.one_of(
    st.builds(Filter, column=st.just("row"), op=numbers, value=st.integers(38, 62), negated=st.booleans()),
    st.builds(
        Filter,
        column=st.just("time"),
        op=numbers,
        value=st.integers(BOOT + SHIFT + 39_000, BOOT + SHIFT + 61_000).map(str),
        negated=st.booleans(),
    ),
    st.builds(Filter, column=st.just("row"), op=st.just("in"), value=st.lists(st.integers(38, 62), max_size=2)),
    st.builds(Filter, column=st.just("pid"), op=numbers, value=st.integers(99, 107)),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(filters, max_size=3))
def test_a_file_that_is_left_out_has_no_row_that_passes(sealed: Sealed, wanted: list[Filter]) -> None:
    rows = [row | {"row": row["_row"], "time": row["time"] + SHIFT} for row in pq.read_table(sealed.path).to_pylist()]
    passing = [row for row in rows if all(agrees(row, one) for one in wanted)]
    assert held(sealed, *wanted) or not passing


@pytest.mark.parametrize(
    ("op", "least", "most"), [("lt", 41, None), ("le", 40, None), ("gt", None, 58), ("ge", None, 59), ("eq", 40, 59)]
)
def test_the_edges_are_where_the_rows_are(sealed: Sealed, op: str, least: int | None, most: int | None) -> None:
    for edge, beyond in ((least, -1), (most, 1)):
        if edge is not None:
            assert held(sealed, on("row", op, edge))
            assert not held(sealed, on("row", op, edge + beyond))
            assert held(sealed, on("time", op, BOOT + SHIFT + edge * 1000))
            assert not held(sealed, on("time", op, str(BOOT + SHIFT + (edge + beyond) * 1000)))


def test_what_is_not_known_may_be_there(sealed: Sealed, tmp_path: Path) -> None:
    assert held(sealed)
    assert held(sealed, on("time", "lt", "soon"), on("elsewhere", "eq", 1), on("pid", "eq", 10**6))
    assert held(sealed, on("row", "lt", 0, negated=True))
    never = on("row", "lt", 0)
    assert held(Sealed(tmp_path / "gone.parquet", "", whole=False), never)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    assert held(Sealed(tmp_path / "broken.parquet", "", whole=False), never)
    pq.write_table(pq.read_table(sealed.path), tmp_path / "silent.parquet", write_statistics=False)
    assert held(Sealed(tmp_path / "silent.parquet", "", whole=True), never)
    pq.write_table(pq.read_table(sealed.path).slice(0, 0), tmp_path / "empty.parquet")
    assert held(Sealed(tmp_path / "empty.parquet", "", whole=True), never)
