"""Random rows, random questions: open, sealed, half of each, with rollups and without, plain Python: all agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proto.text import escape
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.execute import answer
from server.tracing.question import Filter, Key, Measure, Order, Question
from server.tracing.rollups import build
from server.tracing.rollups.upkeep import roll_up
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore
from server.tracing.store import writer as writer_module
from tests.server.tracing.reference import expected
from tests.server.tracing.rows import BOOT, EVENTS, SCHEMA, TWO_STREAMS, WALL, Frames, batch, stacks

SESSION = UUID(int=1)
# The clocks of the two hosts are not whole seconds apart.
RUNS = [RunSource(UUID(int=n), f"host-{n}", SCHEMA, BOOT, WALL + n * 1_234_567_891) for n in (2, 3)]
SOURCE = SessionSource(SESSION, ended=True, runs=RUNS)
SECOND = 10**9
NUMBERS = ["pid", "fd", "latency", "row"]
HOSTILE = [
    b"'; DROP TABLE rows; --",
    b'" OR "1"="1',
    b"%",
    b"?",
    b"$1",
    b"\\",
    b"\xff\xfe",
    b"",
    b"a\nb",
    b"{}",
    "ünï".encode(),
    b"=1+1",
    b":count",
]
texts = st.sampled_from(HOSTILE) | st.binary(max_size=6).map(lambda data: data.replace(b"\0", b"0"))


@dataclass(frozen=True)
class Event:
    time: int
    pid: int
    comm: bytes
    fd: int
    latency: int
    path: bytes


Halves = tuple[list[list[Event]], list[list[Event]]]  # what is sealed in the mixed store, and what is not


def random_text(random: Random) -> bytes:
    return random.choice([*HOSTILE, bytes(random.choices(range(1, 256), k=random.randrange(4)))])


def random_event(random: Random) -> Event:
    return Event(
        time=random.choice([random.randrange(4 * SECOND), random.randrange(5) * SECOND]),
        pid=random.choice([0, 1, 2, 3, 2**32 - 1]),
        comm=random_text(random)[:16],
        fd=random.choice([random.randrange(-2, 6), -(2**31), 2**31 - 1]),
        latency=random.choice([random.randrange(70), 0, 2**53 + 1, 2**60 - 1, 2**63, 2**64 - 1]),
        path=random_text(random),
    )


def random_batches(random: Random) -> list[list[Event]]:
    return [[random_event(random) for _ in range(random.randrange(1, 40))] for _ in range(random.randrange(4))]


words = texts.map(escape)
times = st.integers(-1, 6 * SECOND).map(lambda n: n + WALL + 2 * SECOND) | st.integers(0, 7).map(
    lambda n: (WALL // SECOND + n) * SECOND
)
filters = st.one_of(
    st.builds(
        Filter,
        column=st.sampled_from(NUMBERS),
        op=st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]),
        value=st.integers(-3, 75) | st.sampled_from([2**64 - 1, -(2**31)]),
    ),
    st.builds(
        Filter,
        column=st.sampled_from(["comm", "path"]),
        op=st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "contains", "prefix", "has"]),
        value=words,
        negated=st.booleans(),
    ),
    st.builds(
        Filter,
        column=st.just("pid"),
        op=st.sampled_from(["bits", "has"]),
        value=st.integers(0, 5),
        negated=st.booleans(),
    ),
    st.builds(Filter, column=st.sampled_from(["comm", "path"]), op=st.just("in"), value=st.lists(words, max_size=3)),
    st.builds(Filter, column=st.just("pid"), op=st.just("in"), value=st.lists(st.integers(0, 5), max_size=3)),
    st.builds(Filter, column=st.just("time"), op=st.sampled_from(["lt", "le", "gt", "ge"]), value=times.map(str)),
    st.builds(Filter, column=st.just("host"), op=st.sampled_from(["eq", "ne"]), value=st.just("host-2")),
)
keys = st.one_of(
    st.builds(Key, column=st.sampled_from(["host", "comm", "pid", "path", "fd"])),
    st.builds(Key, column=st.just("time"), width=st.sampled_from([SECOND // 3, SECOND, 2 * SECOND])),
    st.builds(Key, column=st.sampled_from(["row", "latency", "pid"]), width=st.sampled_from([3, 10])),
    st.builds(Key, column=st.just("latency"), log2=st.just(True)),
)
measures = st.one_of(
    st.just(Measure(function="count")),
    st.builds(
        Measure,
        function=st.sampled_from(["sum", "min", "max", "avg", "p50", "p90", "p99", "distinct"]),
        column=st.sampled_from(["latency", "latency", "pid", "fd", "row"]),
    ),
    st.builds(
        lambda percent: Measure(function="percentile", column="fd", percent=percent), st.sampled_from([12.5, 99])
    ),
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    chosen = draw(st.lists(filters, max_size=2))
    either = draw(st.lists(st.lists(filters, min_size=1, max_size=3), max_size=1))
    page: dict[str, Any] = {
        "filters": chosen,
        "any_of": either,
        "limit": draw(st.integers(1, 60)),
        "offset": draw(st.integers(0, 5)),
    }
    if draw(st.booleans()):
        columns = draw(st.permutations(["host", "row", "time", "pid", "path", "latency"]))
        order = draw(st.lists(orders(columns), max_size=2))
        return Question(columns=columns, order=order, **page)
    by = draw(st.lists(keys, max_size=2, unique_by=lambda key: key.column))
    found = draw(st.lists(measures, min_size=0 if by else 1, max_size=3, unique_by=lambda one: one.name))
    names = [key.column for key in by] + [one.name for one in found or [Measure(function="count")]]
    return Question(group_by=by, measures=found, order=draw(st.lists(orders(names), max_size=1)), **page)


def orders(names: list[str]) -> st.SearchStrategy[Order]:
    return st.builds(Order, by=st.sampled_from(names), descending=st.booleans())


@dataclass(frozen=True, repr=False)
class Told:
    rows: list[dict[str, Any]]
    stores: dict[str, SegmentStore]


def rows_of(some: list[Event]) -> pa.RecordBatch:
    kinds = [pa.int64(), pa.uint32(), pa.binary(), pa.int32(), pa.uint64(), pa.binary()]
    names = ["time", "pid", "comm", "fd", "latency", "path"]
    columns = [[getattr(event, name) for event in some] for name in names]
    columns[0] = [BOOT + time for time in columns[0]]
    return batch(EVENTS, [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)])


class Sender:
    """The frames of one run, over several appends."""

    def __init__(self, store: SegmentStore, run: RunSource) -> None:
        self._store, self._run, self._frames = store, run, Frames()
        store.pin(SESSION, run.run, SCHEMA)

    def send(self, some: list[list[Event]], *, end: bool = False) -> None:
        frames = [self._frames.frame(rows_of(events), 0, len(events)) for events in some]
        frames += [self._frames.end(END_CAUSE_DURATION)] if end else []
        if frames:
            self._store.append(SESSION, self._run.run, frames)


def open_store(root: Path, runs: list[Halves]) -> SegmentStore:
    store = SegmentStore(root)
    for run, (first, second) in zip(RUNS, runs, strict=True):
        Sender(store, run).send(first + second)
    return store


def sealed_store(root: Path, runs: list[Halves]) -> SegmentStore:
    store = SegmentStore(root)
    for run, (first, second) in zip(RUNS, runs, strict=True):
        Sender(store, run).send(first + second, end=True)
    store.seal_due()
    return store


def store_of_pieces(root: Path, runs: list[Halves]) -> SegmentStore:
    """Every batch in a file of its own."""
    store = SegmentStore(root)
    for run, (first, second) in zip(RUNS, runs, strict=True):
        sender = Sender(store, run)
        for some in first + second:
            sender.send([some])
            store.seal_due()
    return store


def mixed_store(root: Path, runs: list[Halves]) -> SegmentStore:
    """The first half sealed, with rollups only on the first host; the second half open."""
    store = SegmentStore(root)
    senders = [Sender(store, run) for run in RUNS]
    for sender, (first, _) in zip(senders, runs, strict=True):
        sender.send(first)
    store.seal_due()
    counted(store, RUNS[:1])
    for sender, (_, second) in zip(senders, runs, strict=True):
        sender.send(second)
    return store


def counted(store: SegmentStore, runs: list[RunSource]) -> SegmentStore:
    for run in runs:
        roll_up(store, SESSION, run.run, run.wall_ns - run.boot_ns)
    return store


def plain(runs: list[Halves]) -> list[dict[str, Any]]:
    found = []
    for run, (first, second) in zip(RUNS, runs, strict=True):
        for number, event in enumerate(event for some in first + second for event in some):
            row = vars(event) | {"time": run.wall_ns + event.time}
            found.append({"host": run.host, "row": number, **row})
    return found


@pytest.fixture(scope="module", params=[1, 2, 3])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The same random rows in stores of every state."""
    random = Random(request.param)
    runs = [(random_batches(random), random_batches(random)) for _ in RUNS]
    folder = tmp_path_factory.mktemp("same")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writer_module, "SEGMENT_SECONDS", 0.0)  # every segment is due
        patched.setattr(build, "SMALLER", 1)  # so that few rows have rollups too
        stores = {
            "open": open_store(folder / "open", runs),
            "sealed": sealed_store(folder / "sealed", runs),
            "rolled up": counted(sealed_store(folder / "rolled", runs), RUNS),
            "pieces": store_of_pieces(folder / "pieces", runs),
            "counted pieces": counted(store_of_pieces(folder / "counted", runs), RUNS),
            "mixed": mixed_store(folder / "mixed", runs),
        }
    return Told(plain(runs), stores)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=questions())
def test_every_road_gives_the_answer_of_plain_python(told: Told, question: Question) -> None:
    wanted = approximately(expected(told.rows, question))
    for name, store in told.stores.items():
        assert answer(store, SOURCE, "events", question).rows == wanted, name


def approximately(rows: list[list[Any]]) -> list[list[Any]]:
    """The quotient of two exact numbers may differ in its last digit."""
    return [[pytest.approx(value, rel=1e-12) if isinstance(value, float) else value for value in row] for row in rows]


def test_a_flame_graph_is_the_same_on_every_road(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stacks summed by a measure, as the browser asks for them: open, sealed, half of each, plain Python."""
    monkeypatch.setattr(writer_module, "SEGMENT_SECONDS", 0.0)
    source = SessionSource(SESSION, ended=True, runs=[replace(run, schema=TWO_STREAMS) for run in RUNS])
    question = Question.model_validate(
        {
            "filters": [{"column": "time", "op": "ge", "value": str(WALL + 3 * SECOND)}],
            "group_by": [{"column": "stack"}, {"column": "comm"}],
            "measures": [{"function": "sum", "column": "samples"}],
            "limit": 10_000,
        }
    )
    answers = []
    for sealed in (0, 1, 2):
        store = SegmentStore(tmp_path / str(sealed))
        wanted: Counter[tuple[str, ...]] = Counter()
        for run in source.runs:
            frames = Frames()
            store.pin(SESSION, run.run, TWO_STREAMS)
            for number in range(2):
                store.append(SESSION, run.run, [frames.rows_of(3), frames.stacks_of(700)])
                if number < sealed:
                    store.seal_due()
            for row in (row for first in (3, 706) for row in stacks(first, 700).to_pylist()):
                if row["time"] - run.boot_ns + run.wall_ns >= WALL + 3 * SECOND:
                    wanted[tuple(row["stack"])] += row["samples"]
        found = answer(store, source, "stacks", question)
        assert [column["type"] for column in found.columns] == ["stack", "text", "number"]
        assert {tuple(stack): total for stack, _, total in found.rows} == dict(wanted)
        assert [row[2] for row in found.rows] == sorted(wanted.values(), reverse=True)
        answers.append(found.rows)
    assert answers[0] == answers[1] == answers[2]
