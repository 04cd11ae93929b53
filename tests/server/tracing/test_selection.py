from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from server.departure import Departure
from server.errors import Invalid
from server.tracing.question import Question
from server.tracing.rows import RunSource
from server.tracing.selection import Selection
from server.tracing.sources import SessionSource, common_stream
from server.tracing.store import SegmentStore
from tests.server.tracing.rows import BOOT, EVENTS, SCHEMA, WALL, Frames

SESSION = UUID(int=1)
RUN = RunSource(UUID(int=2), "host-2", SCHEMA, BOOT, WALL)
SOURCE = SessionSource(SESSION, ended=True, runs=[RUN])


def selection(root: Path, departure: Departure | None = None, **question: object) -> Selection:
    store, frames = SegmentStore(root), Frames()
    store.pin(SESSION, RUN.run, SCHEMA)
    store.append(SESSION, RUN.run, [frames.rows_of(30)])
    wanted = Question.model_validate(question)
    return Selection(store, SOURCE, common_stream(SOURCE, "events"), wanted, departure or Departure())


def test_rows_come_as_they_were_stored_and_in_that_order(tmp_path: Path) -> None:
    some = selection(tmp_path, filters=[{"column": "path", "op": "has", "value": "MISSING/2"}])
    some.check()
    (batch,) = some.batches(RUN)
    assert batch["path"].to_pylist() == [b"/missing/2", *(b"/missing/%d" % n for n in range(20, 30))]
    (plain,) = (stored.batch() for stored in some.store.read(SESSION, RUN.run))
    assert plain is not None
    assert batch.schema == plain.schema
    assert len(EVENTS.columns) == batch.num_columns


def test_a_filter_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="there is no column 'nix'"):
        selection(tmp_path, filters=[{"column": "nix", "op": "eq", "value": 1}]).check()


def test_nothing_comes_for_somebody_who_has_left(tmp_path: Path) -> None:
    departure = Departure()
    departure.leave()
    assert list(selection(tmp_path, departure).batches(RUN)) == []
