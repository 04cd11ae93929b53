from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from server.tracing.execute import Answer, answer
from server.tracing.question import Key, Question
from server.tracing.rollups import upkeep
from server.tracing.rollups.build import build
from server.tracing.rollups.files import rollup_path
from server.tracing.rollups.upkeep import roll_up
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import Sealed, SegmentStore
from tests.server.tracing.rollups.conftest import RUN, SESSION
from tests.server.tracing.rows import BOOT, SCHEMA, WALL

SHIFT = WALL - BOOT
SOURCE = SessionSource(SESSION, ended=True, runs=[RunSource(RUN, "host-1", SCHEMA, BOOT, WALL)])


def top(store: SegmentStore) -> Answer:
    return answer(store, SOURCE, "events", Question(group_by=[Key(column="path")]))


def test_rollups_are_made_once_and_again_when_they_are_gone(store: SegmentStore) -> None:
    assert store.take_sealed() == [(SESSION, RUN)]
    assert store.take_sealed() == []
    assert SegmentStore(store.root).seal_due() == 0
    restarted = SegmentStore(store.root)
    restarted.seal_due()
    assert restarted.take_sealed() == [(SESSION, RUN)], "a restart looks at all"
    wanted = top(store)
    for _ in range(2):
        assert (roll_up(store, SESSION, RUN, SHIFT), roll_up(store, SESSION, RUN, SHIFT)) == (1, 0)
        assert top(store) == wanted
        for path in store.root.rglob("*.rollup"):
            path.unlink()
        assert top(store) == wanted


def test_it_is_the_rollup_that_answers(store: SegmentStore) -> None:
    """Made of other rows, it gives another answer: so the rows were not read."""
    [(stream, sealed)] = store.sealed(SESSION, RUN)
    wanted = top(store)
    assert [count for _, count in wanted.rows] == [2667, 2667, 2666]
    other = sealed.path.with_name("other.parquet")
    pq.write_table(pq.read_table(sealed.path).slice(0, 4000), other)
    build(Sealed(other, sealed.sha256, whole=True), stream, SHIFT)
    rollup_path(other).rename(rollup_path(sealed.path))
    assert sum(count for _, count in top(store).rows) == 4000


def test_altered_rows_get_no_rollup_and_use_none(store: SegmentStore) -> None:
    roll_up(store, SESSION, RUN, SHIFT)
    [(_, sealed)] = store.sealed(SESSION, RUN)
    pq.write_table(pq.read_table(sealed.path).slice(0, 4000), sealed.path)
    assert sum(count for _, count in top(store).rows) == 4000
    rollup_path(sealed.path).unlink()
    assert roll_up(store, SESSION, RUN, SHIFT) == 0


def test_what_cannot_be_counted_is_told(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upkeep, "build", refuse)
    assert roll_up(store, SESSION, RUN, SHIFT) == 0
    assert "has no rollup" in caplog.text
