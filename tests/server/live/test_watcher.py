from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from proto.frame import MAX_DECOMPRESSED
from proto.v1.live_pb2 import LiveMessage, RunRows, Skipped
from proto.v1.stream_pb2 import END_CAUSE_DURATION
from server.live import watcher as watcher_module
from server.live.viewer import MAX_BYTES, Rows, Viewer
from server.live.watcher import Watcher, take, take_groups
from server.tracing.store import SegmentStore
from tests.server.tracing.rows import SCHEMA, Frames

SESSION, RUN = UUID(int=1), UUID(int=2)
KEY = str(RUN)


@dataclass
class Tail:
    """Stands where a test puts it."""

    session: UUID = SESSION
    cursors: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    askable: bool = False


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    store = SegmentStore(tmp_path)
    store.pin(SESSION, RUN, SCHEMA)
    return store


def sent(viewer: Viewer) -> list[LiveMessage]:
    return [LiveMessage.FromString(message) for message in iter(viewer.next, None)]


def batches(messages: list[LiveMessage]) -> list[RunRows]:
    assert all(message.HasField("group") for message in messages), messages
    return [batch for message in messages for batch in message.group.batches]


def skipped(message: LiveMessage) -> Skipped:
    assert message.HasField("skipped"), message
    return message.skipped


async def test_it_reads_up_to_the_tail_and_becomes_live(store: SegmentStore) -> None:
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(4), frames.rows_of(5), frames.end(END_CAUSE_DURATION)])
    watcher = Watcher("ann", {KEY: 1})
    await watcher.read_up(store, Tail(cursors={KEY: 3}))
    assert watcher.viewer.live
    assert [(rows.seq, rows.rows, rows.backfill) for rows in batches(sent(watcher.viewer))] == [(2, 5, True)]
    assert watcher.viewer.cursors == {KEY: 3}


async def test_the_tail_moves_on_meanwhile(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, tail = Frames(), Tail()
    store.append(SESSION, RUN, [frames.rows_of(1)])
    tail.cursors[KEY] = 1
    watcher = Watcher("ann", {})
    real = watcher.viewer.queue

    def queue(batch: Rows) -> None:
        if tail.cursors[KEY] < 4:
            store.append(SESSION, RUN, [frames.rows_of(1)])
            tail.cursors[KEY] += 1
        real(batch)

    monkeypatch.setattr(watcher.viewer, "queue", queue)
    await watcher.read_up(store, tail)
    assert watcher.viewer.cursors[KEY] >= 4
    assert [rows.seq for rows in batches(sent(watcher.viewer))] == [1, 2, 3, 4]


async def test_it_waits_for_the_browser_while_reading_up(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "READ_BYTES", 1)
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(100) for _ in range(6)])
    watcher = Watcher("ann", {})
    watcher.viewer = Viewer({}, max_bytes=2)
    reading = asyncio.create_task(watcher.read_up(store, Tail(cursors={KEY: 6})))
    for drawn in range(1, 7):
        async with asyncio.timeout(5):
            while (message := watcher.viewer.next()) is None:
                await asyncio.sleep(0.005)
        assert [batch.seq for batch in LiveMessage.FromString(message).group.batches] == [drawn]
        assert watcher.viewer.next() is None, "one batch fills this browser"
        assert not watcher.viewer.live or drawn == 6
        watcher.seen(drawn)
    await reading
    assert watcher.viewer.live


async def test_a_browser_that_never_catches_up_skips_to_what_is_live(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, tail = Frames(), Tail()
    store.append(SESSION, RUN, [frames.rows_of(1)])
    tail.cursors[KEY], tail.totals[KEY] = 1, 1
    watcher = Watcher("ann", {})
    real = watcher.viewer.queue

    def queue(batch: Rows) -> None:
        store.append(SESSION, RUN, [frames.rows_of(3)])
        store.append(SESSION, RUN, [frames.rows_of(3)])
        tail.cursors[KEY], tail.totals[KEY] = frames.seq, frames.rows
        real(batch)

    monkeypatch.setattr(watcher.viewer, "queue", queue)
    await watcher.read_up(store, tail)
    *before, last = sent(watcher.viewer)
    rows, gap = batches(before), skipped(last)
    assert watcher.viewer.live and watcher.viewer.cursors == tail.cursors
    assert gap.first_seq == rows[-1].seq + 1 and gap.last_seq == frames.seq
    assert gap.rows + sum(batch.rows for batch in rows) == frames.rows


@pytest.mark.parametrize(
    ("askable", "held", "most", "read"),
    [(True, 0, 8, 0), (True, 0, 9, 9), (False, 0, 8, 9), (True, 1, 8, 5)],
    ids=["large and over", "small", "not to be asked for", "begun before"],
)
async def test_of_a_large_session_that_is_over_a_browser_reads_nothing_by_itself(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch, askable: bool, held: int, most: int, read: int
) -> None:
    monkeypatch.setattr(watcher_module, "MOST_READ", most)
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(4), frames.rows_of(5), frames.end(END_CAUSE_DURATION)])
    watcher = Watcher("ann", {KEY: held} if held else {})
    await watcher.read_up(store, Tail(cursors={KEY: 3}, totals={KEY: 9}, askable=askable))
    messages = sent(watcher.viewer)
    gaps = [skipped(message) for message in messages if message.HasField("skipped")]
    rows = batches([message for message in messages if not message.HasField("skipped")])
    assert sum(batch.rows for batch in rows) == read
    assert [(gap.first_seq, gap.last_seq, gap.rows) for gap in gaps] == ([] if read else [(1, 3, 9)])
    assert watcher.viewer.live and watcher.viewer.cursors == {KEY: 3}


async def test_what_was_removed_by_hand_does_not_hold_it_up(store: SegmentStore) -> None:
    watcher = Watcher("ann", {})
    await watcher.read_up(store, Tail(cursors={KEY: 5}, totals={KEY: 50}))
    assert watcher.viewer.live
    (message,) = sent(watcher.viewer)
    gap = skipped(message)
    assert (gap.first_seq, gap.last_seq, gap.rows) == (1, 5, 50)


def test_batches_are_taken_in_bites(store: SegmentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(100) for _ in range(3)])
    stored = store.read(SESSION, RUN)
    monkeypatch.setattr(watcher_module, "READ_BYTES", 1)
    assert [batch.seq for batch in take(KEY, stored)] == [1]
    monkeypatch.setattr(watcher_module, "READ_BYTES", 10**9)
    assert [batch.seq for batch in take(KEY, stored)] == [2, 3]
    assert take(KEY, stored) == []


def test_what_is_small_and_past_comes_several_to_a_message(
    store: SegmentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = Frames()
    store.append(SESSION, RUN, [frames.rows_of(10) for _ in range(5)] + [frames.end(END_CAUSE_DURATION)])
    monkeypatch.setattr(watcher_module, "GROUP_BYTES", 3000)
    groups = take_groups(KEY, store.read(SESSION, RUN))
    joined = [list(LiveMessage.FromString(one.payload or b"").group.batches) for one in groups if one.payload]
    assert all(len(batches) == 1 for batches in joined) and 1 < len(joined) < 5
    assert (joined[-1][0].seq, sum(batch.rows for (batch,) in joined)) == (5, 50)
    assert [one.seq for one in groups][-1] == 6
    assert sum(one.rows for one in groups) == groups[-1].total == 50
    assert take_groups(KEY, store.read(SESSION, RUN, 6)) == []


async def test_however_large_batches_are_a_browser_that_draws_nothing_is_held_no_more_than_its_share(
    store: SegmentStore,
) -> None:
    frames, watcher = Frames(), Watcher("ann", {})
    for _ in range(8):
        store.append(SESSION, RUN, [frames.rows_of(40_000), *(frames.rows_of(2_000) for _ in range(9))])
    reading = asyncio.create_task(watcher.read_up(store, Tail(cursors={KEY: frames.seq})))
    async with asyncio.timeout(30):
        while watcher.viewer.room:
            await asyncio.sleep(0.005)
    while watcher.viewer.next() is not None:
        assert MAX_BYTES // 4 < watcher.viewer.held <= MAX_BYTES, "what was sent counts until it is drawn"
    assert not watcher.viewer.live
    reading.cancel()
    await asyncio.wait([reading])


def test_what_is_read_at_once_fits_beside_what_may_still_be_held() -> None:
    assert MAX_BYTES // 4 + watcher_module.READ_BYTES + MAX_DECOMPRESSED < MAX_BYTES
