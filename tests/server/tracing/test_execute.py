from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from threading import BoundedSemaphore
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.errors import Invalid, TooMany
from server.tracing import execute
from server.tracing.execute import Answer, answer
from server.tracing.query import Compiled
from server.tracing.question import Filter, Key, Measure, Question
from server.tracing.rollups.upkeep import roll_up
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore, Snapshot
from tests.server.tracing.rows import BOOT, SCHEMA, TWO_STREAMS, WALL, EncryptedFrames, Frames

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


def test_rows_come_in_the_order_in_which_they_were_stored(stores: dict[str, SegmentStore]) -> None:
    for store in stores.values():
        found = ask(store, columns=["host", "row"], limit=10_000)
        assert found.rows == [[host, row] for host in ("host-2", "host-3") for row in range(100)]
        assert ask(store, columns=["row"], limit=3, offset=99).rows == [[99], [0], [1]]
        assert (
            ask(store, columns=["row"], filters=[{"column": "row", "op": "ge", "value": 98}]).rows == [[98], [99]] * 2
        )


def test_groups_measures_and_order(stores: dict[str, SegmentStore]) -> None:
    found = ask(
        stores["mixed"],
        filters=[{"column": "comm", "op": "eq", "value": "l\\xffs"}],
        group_by=[{"column": "comm"}, {"column": "time", "width": 10**9}],
        measures=[{"function": "count"}, {"function": "max", "column": "latency"}, {"function": "p50", "column": "fd"}],
        order=[{"by": "time", "descending": True}],
    )
    assert [column["name"] for column in found.columns] == ["comm", "time", "count", "max_latency", "p50_fd"]
    assert [column["type"] for column in found.columns] == ["text", "time", "number", "number", "number"]
    seconds = [str(WALL + 3 * 10**9), str(WALL + 2 * 10**9)]
    assert found.rows == [["l\\xffs", second, 33, 97 * 97, -1] for second in seconds]


def test_powers_of_two(stores: dict[str, SegmentStore]) -> None:
    found = ask(stores["open"], group_by=[{"column": "latency", "log2": True}], order=[{"by": "latency"}])
    expected = Counter(max((n * n).bit_length() - 1, 0) for n in range(100))
    assert found.rows == [[slot, 2 * expected[slot]] for slot in sorted(expected)]
    assert found.columns[0]["unit"] == "log2_slot"


def test_a_stream_that_nobody_sent(stores: dict[str, SegmentStore]) -> None:
    with pytest.raises(Invalid, match="no host has sent rows of 'stacks'"):
        answer(stores["open"], SOURCE, "stacks", Question())


def test_a_run_without_rows_has_an_empty_answer(tmp_path: Path) -> None:
    assert ask(SegmentStore(tmp_path)).rows == []
    assert ask(SegmentStore(tmp_path), measures=[{"function": "count"}]).rows == [[0]]


def test_large_integers_and_stacks_are_shown_whole(tmp_path: Path) -> None:
    store, frames = SegmentStore(tmp_path), Frames()
    run = RunSource(UUID(int=9), "h", TWO_STREAMS, BOOT, WALL)
    store.pin(SESSION, run.run, TWO_STREAMS)
    store.append(SESSION, run.run, [frames.rows_of(2), frames.stacks_of(2)])
    found = answer(store, SessionSource(SESSION, ended=False, runs=[run]), "stacks", Question(columns=["row", "stack"]))
    assert found.rows == [[2, ["main", "work2"]], [3, ["main", "work0", "sys_read_[k]"]]]


def test_a_question_that_takes_too_long_is_stopped(
    stores: dict[str, SegmentStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "SECONDS", 0.2)
    endless = Compiled("SELECT count(*) FROM range(1000000000) a, range(1000000) b", [], [])
    monkeypatch.setattr(execute, "compile_question", lambda *_: endless)
    with pytest.raises(Invalid, match="takes longer than"):
        ask(stores["open"])


def test_only_so_many_questions_at_once(stores: dict[str, SegmentStore], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "_TURNS", BoundedSemaphore(1))
    monkeypatch.setattr(execute, "TURN_SECONDS", 0.05)
    with execute._TURNS, pytest.raises(TooMany, match="ask again in a moment"):
        ask(stores["open"])
    assert len(ask(stores["open"]).rows) == 100, "the turn was given back"


def test_a_rollup_that_cannot_be_read_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = filled(tmp_path)
    store.seal_due()
    top: dict[str, object] = {"group_by": [{"column": "comm"}]}
    wanted = ask(store, **top)
    for run in SOURCE.runs:
        assert roll_up(store, SESSION, run.run, run.wall_ns - run.boot_ns) == 1
    for path in tmp_path.rglob("*.rollup"):
        data = bytearray(path.read_bytes())
        footer = int.from_bytes(data[-8:-4], "little") + 8
        data[4:-footer] = b"\xff" * (len(data) - 4 - footer)
        path.write_bytes(data)
    assert ask(store, **top) == wanted
    assert "cannot be read, its rows are" in caplog.text


def exact(value: object) -> object:
    """Sums of doubles depend on their order in the last digit."""
    return float(f"{value:.9g}") if isinstance(value, float) and math.isfinite(value) else value


def test_encrypted_rows_are_decrypted_once_for_a_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = EncryptedFrames(UUID(int=9).bytes, X25519PrivateKey.generate().public_key().public_bytes_raw()).schema
    asked: list[UUID] = []

    def snapshot(_: SegmentStore, session: UUID, *__: object) -> Snapshot:
        asked.append(session)
        return Snapshot([], None)

    monkeypatch.setattr(SegmentStore, "snapshot", snapshot)
    source = SessionSource(SESSION, ended=True, runs=[RunSource(UUID(int=9), "h", schema, BOOT, WALL)])
    assert answer(SegmentStore(tmp_path), source, "events", Question()).rows == []
    assert asked == [SESSION]
