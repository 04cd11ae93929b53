"""kill -9 at the n-th write of a kind, while a process seals, counts and deletes: nothing twice, none missing.

The kill is injected by strace instead of the call being made, so each point is provably hit: the process dies of it.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.tracing.execute import answer
from server.tracing.question import Key, Question
from server.tracing.rollups.upkeep import roll_up
from server.tracing.rows import RunSource
from server.tracing.sources import SessionSource
from server.tracing.store import SegmentStore
from tests.server.processes import ROOT
from tests.server.tracing.rows import BOOT, SCHEMA, WALL, Frames

SESSION, RUN = UUID(int=1), UUID(int=2)
SOURCE = SessionSource(SESSION, ended=True, runs=[RunSource(RUN, "host-1", SCHEMA, BOOT, WALL)])
ROWS = 300
SECONDS = 120

# What a victim does with the store in its first argument; the second one says what its clock is off by.
SEAL = """
import sys
from pathlib import Path
from uuid import UUID
from server.tracing.rollups.upkeep import roll_up
from server.tracing.store import SegmentStore
store = SegmentStore(Path(sys.argv[1]))
store.seal_due()
roll_up(store, UUID(int=1), UUID(int=2), int(sys.argv[2]))
"""
DELETE = """
import sys
from pathlib import Path
from uuid import UUID
from server.tracing.store import SegmentStore
store = SegmentStore(Path(sys.argv[1]))
store.deletions.mark(UUID(int=1))
store.delete(UUID(int=1))
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ended run that is not sealed."""
    root = tmp_path_factory.mktemp("original")
    store, frames = SegmentStore(root), Frames()
    store.pin(SESSION, RUN, SCHEMA)
    for count in (100, 150, 50):
        store.append(SESSION, RUN, [frames.rows_of(count)])
    store.append(SESSION, RUN, [frames.end(END_CAUSE_DURATION)])
    return root


def killed(program: str, root: Path, call: str, number: int) -> bool:
    """Whether the program got as far as the number-th such call, of which it then died."""
    strace = shutil.which("strace")
    assert strace, "the test needs Debian's strace"
    command = [strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
    command += ["-e", f"inject={call}:signal=KILL:when={number}"]
    command += [sys.executable, "-c", program, str(root), str(WALL - BOOT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode in (0, 128 + signal.SIGKILL, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def points(program: str, original: Path, folder: Path, call: str) -> Iterator[Path]:
    """The store after a kill at the first such call, at the second and so on, until the program lives to its end."""
    for number in range(1, 100):
        root = folder / f"{call}-{number}"
        shutil.copytree(original, root)
        if not killed(program, root, call, number):
            return
        yield root
    raise AssertionError("the program never ends")


def rows(store: SegmentStore) -> list[int]:
    found = answer(store, SOURCE, "events", Question(columns=["row"], limit=10_000)).rows
    read = [batch.num_rows for stored in store.read(SESSION, RUN) if (batch := stored.batch()) is not None]
    assert sum(read) == len(found)
    return [row for (row,) in found]


def top(store: SegmentStore) -> list[list[object]]:
    return answer(store, SOURCE, "events", Question(group_by=[Key(column="comm")])).rows


@pytest.mark.parametrize(("call", "least"), [("fsync", 4), ("rename", 3), ("unlink", 1)])
def test_killed_while_sealing_no_row_is_lost_or_doubled(original: Path, tmp_path: Path, call: str, least: int) -> None:
    wanted, counted = list(range(ROWS)), top(SegmentStore(original))
    hit = 0
    for root in points(SEAL, original, tmp_path, call):
        hit += 1
        assert rows(SegmentStore(root)) == wanted, root.name
        restarted = SegmentStore(root)
        restarted.seal_due()
        roll_up(restarted, SESSION, RUN, WALL - BOOT)
        assert rows(restarted) == wanted and top(restarted) == counted, root.name
        names = sorted(path.name for path in (root / str(SESSION) / str(RUN)).iterdir())
        assert names == ["000000000001.idx", "000000000001.parquet", "000000000001.rollup", "schema.pb"], root.name
        index = restarted.index(SESSION, RUN)
        assert (index.rows, index.holes, index.damage) == (ROWS, (), ())
    assert hit >= least


@pytest.mark.parametrize(("call", "least"), [("fsync", 3), ("rename", 1), ("unlinkat", 2)])
def test_killed_while_deleting_all_of_it_or_nothing_is_there(
    original: Path, tmp_path: Path, call: str, least: int
) -> None:
    hit = 0
    for root in points(DELETE, original, tmp_path, call):
        hit += 1
        store = SegmentStore(root)
        if (root / str(SESSION)).exists():
            assert rows(store) == list(range(ROWS)), root.name
        else:
            assert [session for session, _ in store.deletions.marked()] == [SESSION], root.name
        for session, _ in list(store.deletions.marked()):
            store.delete(session)  # as the sweep does when the database knows it no more
        store.seal_due()
        left = [path for path in root.rglob("*") if path.is_file() and path.parent.name != ".deleting"]
        assert (root / str(SESSION)).exists() or left == [], root.name
    assert hit >= least
