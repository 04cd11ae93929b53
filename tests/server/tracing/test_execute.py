from __future__ import annotations

import math
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.execute import Answer, answer
from server.tracing.query import Filter, Key, Measure, Question
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore
from tests.server.tracing.rows import BOOT, SCHEMA, WALL, Frames

SESSION = UUID(int=1)
SOURCE = SessionSource(
    SESSION,
    ended=True,
    runs=[RunSource(UUID(int=n), f"host-{n}", SCHEMA, BOOT, WALL + n * 10**9) for n in (2, 3)],
)


def filled(root: Path) -> SegmentStore:
    store = SegmentStore(root)
    for run in SOURCE.runs:
        frames = Frames()
        store.pin(SESSION, run.run, SCHEMA)
        store.append(SESSION, run.run, [frames.rows_of(count) for count in (40, 1, 59)])
        store.append(SESSION, run.run, [frames.end(END_CAUSE_DURATION)])
    return store


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SegmentStore]:
    """The same rows: all open, all sealed, and one run half of each."""
    opened, sealed, mixed = (filled(tmp_path_factory.mktemp(name)) for name in ("open", "sealed", "mixed"))
    assert sealed.seal_due() == 2
    (mixed.root / str(SESSION) / str(SOURCE.runs[0].run)).rename(mixed.root / "away")
    assert mixed.seal_due() == 1
    (mixed.root / "away").rename(mixed.root / str(SESSION) / str(SOURCE.runs[0].run))
    return {"open": opened, "sealed": sealed, "mixed": mixed}


def ask(store: SegmentStore, **question: object) -> Answer:
    return answer(store, SOURCE, "events", Question.model_validate(question))


NUMBERS = ["pid", "fd", "latency", "row"]
filters = st.one_of(
    st.builds(
        Filter,
        column=st.sampled_from(NUMBERS),
        op=st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]),
        value=st.integers(-2, 200),
    ),
    st.builds(
        Filter,
        column=st.sampled_from(["comm", "path"]),
        op=st.sampled_from(["eq", "ne", "ge", "contains", "prefix"]),
        value=st.sampled_from(["cat", "l\\xffs", "=", "/missing/1", "7", "\\xff", "missing", ""]),
    ),
    st.builds(
        Filter,
        column=st.just("time"),
        op=st.sampled_from(["lt", "ge"]),
        value=st.integers(0, 2_100_000).map(lambda n: str(WALL + 2 * 10**9 + n * 1000)),
    ),
    st.builds(Filter, column=st.just("host"), op=st.sampled_from(["eq", "ne"]), value=st.just("host-2")),
    st.builds(Filter, column=st.just("pid"), op=st.just("in"), value=st.lists(st.integers(99, 108), max_size=4)),
)
keys = st.one_of(
    st.builds(Key, column=st.sampled_from(["host", "comm", "pid", "path"])),
    st.builds(Key, column=st.sampled_from(["time", "row", "latency"]), width=st.sampled_from([10, 1000, 10**5])),
    st.builds(Key, column=st.just("latency"), log2=st.just(True)),
)
measures = st.one_of(
    st.just(Measure(function="count")),
    st.builds(
        Measure,
        function=st.sampled_from(["sum", "min", "max", "avg", "p50", "p99", "distinct"]),
        column=st.sampled_from(NUMBERS),
    ),
)
questions = st.builds(
    Question,
    filters=st.lists(filters, max_size=3),
    group_by=st.lists(keys, max_size=2, unique_by=lambda key: key.column),
    measures=st.lists(measures, max_size=3, unique_by=lambda measure: measure.name),
    limit=st.integers(1, 300),
    offset=st.integers(0, 30),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions)
def test_open_sealed_and_mixed_stores_give_the_same_answer(stores: dict[str, SegmentStore], question: Question) -> None:
    opened, sealed, mixed = (answer(store, SOURCE, "events", question) for store in stores.values())
    assert opened.columns == sealed.columns == mixed.columns
    for other in (sealed, mixed):
        assert len(opened.rows) == len(other.rows)
        for left, right in zip(opened.rows, other.rows, strict=True):
            assert [exact(value) for value in left] == [exact(value) for value in right]


def exact(value: object) -> object:
    """Sums of doubles depend on their order in the last digit."""
    return float(f"{value:.9g}") if isinstance(value, float) and math.isfinite(value) else value
