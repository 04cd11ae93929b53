"""Random stacks and questions about them: the store in every state and plain Python agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proto.v1 import tool_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_DURATION, RunSchema, StreamSchema
from proto.v1.tool_pb2 import Column
from server.tracing.execute import answer
from server.tracing.question import Filter, Key, Measure, Question
from server.tracing.rollups.upkeep import roll_up
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore
from server.tracing.store import writer as writer_module
from tests.server.tracing.reference import expected
from tests.server.tracing.rows import BOOT, STACK_COLUMNS, WALL, Frames, batch, stream

SESSION = UUID(int=1)
SECOND = 10**9
PID = Column(name="pid", type=pb.CTYPE_U32, unit=pb.UNIT_PID, role=pb.ROLE_KEY)
FRAMES = ["main", "Main", "a", "", "a\nb", "a;b", "b", "\0", "\x1b[31m", ":count", "ünï", "read_[k]"]
Row = dict[str, Any]
Halves = tuple[list[list[Row]], list[list[Row]]]  # what is sealed in the mixed store, and what is not


def run(number: int, columns: list[Column]) -> RunSource:
    schema = RunSchema(tool="profile", variant="timer", streams=[stream("samples", pb.KIND_STACKS, columns, "samples")])
    return RunSource(UUID(int=number), f"host-{number}", schema, BOOT, WALL + number * 1_234_567_891)


WITHOUT_COMM = [column for column in STACK_COLUMNS if column.name != "comm"]
WITHOUT_STACK = [column for column in STACK_COLUMNS if column.name != "stack"]
ALIKE = [run(2, STACK_COLUMNS), run(3, STACK_COLUMNS)]
# The last hosts lack what the first one has.
DIFFERENT = [run(2, STACK_COLUMNS), run(3, WITHOUT_COMM), run(4, WITHOUT_STACK)]


def random_row(random: Random) -> Row:
    return {
        "time": random.choice([random.randrange(4 * SECOND), random.randrange(5) * SECOND]),
        "comm": random.choice([b"cat", b"\xff", b""]),
        "stack": tuple(random.choices(FRAMES[: random.choice([2, len(FRAMES)])], k=random.choice([0, 1, 2, 2, 5]))),
        "samples": random.choice([0, 1, 7, 2**53 + 1, 2**64 - 1]),
    }


def random_batches(random: Random) -> list[list[Row]]:
    return [[random_row(random) for _ in range(random.randrange(1, 40))] for _ in range(random.randrange(4))]


def encoded(schema: StreamSchema, some: list[Row]) -> pa.RecordBatch:
    arrays = []
    for column in schema.columns:
        values = [row[column.name] for row in some]
        if column.name == "stack":
            lists = pa.array(values, pa.list_(pa.utf8()))
            arrays.append(pa.ListArray.from_arrays(lists.offsets, lists.values.dictionary_encode()))
        elif column.name == "time":
            arrays.append(pa.array([BOOT + time for time in values], pa.int64()))
        else:
            arrays.append(pa.array(values, pa.binary() if column.name == "comm" else pa.uint64()))
    return batch(schema, arrays)


class Sender:
    def __init__(self, store: SegmentStore, source: RunSource) -> None:
        self._store, self._source, self._frames = store, source, Frames()
        store.pin(SESSION, source.run, source.schema)

    def send(self, some: Iterable[list[Row]], *, end: bool = False) -> None:
        frames = [self._frames.frame(encoded(self._source.schema.streams[0], rows), 0, len(rows)) for rows in some]
        self._store.append(SESSION, self._source.run, frames + ([self._frames.end(END_CAUSE_DURATION)] if end else []))


@dataclass(frozen=True, repr=False)
class Told:
    source: SessionSource
    rows: list[Row]
    stores: dict[str, SegmentStore]


def told_of(folder: Path, random: Random, runs: list[RunSource]) -> Told:
    halves: list[Halves] = [(random_batches(random), random_batches(random)) for _ in runs]
    stores = {name: SegmentStore(folder / name) for name in ("open", "sealed", "rolled up", "mixed")}
    for name, store in stores.items():
        senders = [Sender(store, source) for source in runs]
        for sender, (first, _) in zip(senders, halves, strict=True):
            sender.send(first)
        if name == "mixed":
            store.seal_due()
        for sender, (_, second) in zip(senders, halves, strict=True):
            sender.send(second, end=name != "open" and name != "mixed")
        if name in ("sealed", "rolled up"):
            store.seal_due()
        for source in runs if name == "rolled up" else runs[:1] if name == "mixed" else []:
            roll_up(store, SESSION, source.run, source.wall_ns - source.boot_ns)
    return Told(SessionSource(SESSION, ended=True, runs=runs), plain(runs, halves), stores)


def plain(runs: list[RunSource], halves: list[Halves]) -> list[Row]:
    found: list[Row] = []
    for source, (first, second) in zip(runs, halves, strict=True):
        own = {column.name for column in source.schema.streams[0].columns}
        for number, row in enumerate(row for some in first + second for row in some):
            had = {name: value if name in own else None for name, value in row.items()}
            found.append(had | {"host": source.host, "row": number, "time": source.wall_ns + row["time"]})
    return found


@pytest.fixture(scope="module", params=[(1, ALIKE), (2, ALIKE), (3, DIFFERENT)], ids=["alike", "more", "different"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The same random rows in stores of every state."""
    seed, runs = request.param
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writer_module, "SEGMENT_SECONDS", 0.0)  # every segment is due
        return told_of(tmp_path_factory.mktemp("stacks"), Random(seed), runs)


words = st.sampled_from(["main", "MAIN", "a", "a\nb", "\n", "", "[k]", "Ü", "\0", ";"])
filters = st.one_of(
    st.builds(
        Filter,
        column=st.just("stack"),
        op=st.sampled_from(["contains", "has"]),
        value=words,
        negated=st.booleans(),
    ),
    st.builds(
        Filter,
        column=st.just("time"),
        op=st.sampled_from(["ge", "lt"]),
        value=st.integers(0, 8).map(lambda n: str((WALL // SECOND + n) * SECOND)),
    ),
    st.builds(Filter, column=st.just("comm"), op=st.just("eq"), value=st.sampled_from(["cat", ""])),
    st.builds(Filter, column=st.just("host"), op=st.just("ne"), value=st.just("host-2")),
)
keys = st.one_of(
    st.builds(Key, column=st.sampled_from(["host", "comm"])),
    st.builds(Key, column=st.just("time"), width=st.sampled_from([SECOND, SECOND // 3])),
)
measures = st.one_of(
    st.just(Measure(function="count")),
    st.builds(Measure, function=st.sampled_from(["sum", "min", "max", "avg", "p50"]), column=st.just("samples")),
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    by = [Key(column="stack"), *draw(st.lists(keys, max_size=1))]
    return Question(
        filters=draw(st.lists(filters, max_size=2)),
        group_by=draw(st.permutations(by)),
        measures=draw(st.lists(measures, max_size=2, unique_by=lambda one: one.name)),
        limit=draw(st.integers(1, 200)),
        offset=draw(st.integers(0, 3)),
    )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions())
def test_every_road_gives_the_stacks_of_plain_python(told: Told, question: Question) -> None:
    wanted = expected(told.rows, question)
    for name, store in told.stores.items():
        assert answer(store, told.source, "samples", question).rows == wanted, name
