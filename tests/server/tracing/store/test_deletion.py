from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from server.tracing.store.deletion import Deletions

SESSION = UUID(int=1)


def test_a_mark_stays_until_it_is_taken_away(tmp_path: Path) -> None:
    deletions = Deletions(tmp_path / "store")
    assert list(deletions.marked()) == []
    deletions.mark(SESSION)
    deletions.mark(SESSION)
    [(session, since)] = Deletions(tmp_path / "store").marked()
    assert session == SESSION
    assert abs(since - datetime.now(UTC)) < timedelta(minutes=5)
    deletions.unmark(SESSION)
    deletions.unmark(SESSION)
    assert list(deletions.marked()) == []


def test_remains_of_a_crash_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".deleted-1" / "run").mkdir(parents=True)
    (tmp_path / ".deleted-1" / "run" / "000000000001.parquet").write_bytes(b"rows")
    (tmp_path / str(SESSION)).mkdir()
    Deletions(tmp_path).clear()
    assert [path.name for path in tmp_path.iterdir()] == [str(SESSION)]
    Deletions(tmp_path).remove(SESSION)
    Deletions(tmp_path).remove(SESSION)
    assert list(tmp_path.iterdir()) == []
