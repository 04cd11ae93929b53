"""The ledger at full speed, over budget, and after somebody meddled with what was stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from proto.frame import scan
from tests.e2e.stack import Stack, eventually
from tests.workloads.compiled import build, running

pytestmark = pytest.mark.kernel

MILLION = 1_000_003


@pytest.fixture(scope="module")
def burst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that opens a missing path so many times, as fast as it can or at a rate."""
    return build("burst.c", tmp_path_factory.mktemp("burst"))


def test_at_full_speed_every_call_is_stored_or_counted_as_lost(stack: Stack, burst: Path) -> None:
    with running(burst, MILLION) as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "120s", "--budget", "100%")
        busy.go()
        opened = int(busy.finish())
    ended = stack.wait_state(session, "ended", 60)
    ledger = ended["runs"][0]["ledger"]
    assert ledger["seen"] == opened == MILLION
    assert ledger["seen"] == ledger["stored"] + sum(ledger["lost"].values())
    assert ended["rows"] == ledger["stored"]


def test_a_session_over_its_budget_is_stopped_and_says_so(stack: Stack, burst: Path) -> None:
    with running(burst, 6_000_011, 300_000) as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s", "--budget", "1%")
        busy.go()
        ended = stack.wait_state(session, "ended", 8)
    run = ended["runs"][0]
    assert run["end"]["cause"] == "budget"
    assert "%" in run["end"]["message"]
    assert run["ledger"]["seen"] == run["ledger"]["stored"] + sum(run["ledger"]["lost"].values())
    assert ended["books"] in ("complete", "lossy")


def test_a_deleted_batch_breaks_the_books(stack: Stack, burst: Path) -> None:
    with running(burst, 5003, 2000) as busy:
        session = stack.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
        busy.go()
        busy.finish()
    ended = stack.wait_state(session, "ended")
    assert ended["books"] == "complete"
    _remove_second_batch(stack, session, ended["runs"][0]["id"])
    broken = eventually(lambda: (seen := stack.session(session))["books"] == "broken" and seen, 10, "broken books")
    assert broken["books_message"]


def _remove_second_batch(stack: Stack, session: str, run: str) -> None:
    """Cut one batch out of whatever the store keeps for the run now: an open segment or a sealed file."""
    folder = stack.data / "server/segments" / session / run
    segments = sorted(folder.glob("*.seg"))
    if segments:
        _cut_frame(segments[0])
    else:
        _cut_rows(sorted(folder.glob("*.parquet"))[0])


def _cut_frame(segment: Path) -> None:
    with segment.open("rb") as file:
        frames = [frame.raw for _, frame in scan(file)]
    assert len(frames) > 2
    segment.write_bytes(b"".join(frames[:1] + frames[2:]))


def _cut_rows(sealed: Path) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(sealed)
    second = sorted(set(table.column("_seq").to_pylist()))[1]
    kept = table.filter(pc.not_equal(table.column("_seq"), second))
    assert kept.num_rows < table.num_rows
    pq.write_table(kept, sealed)
