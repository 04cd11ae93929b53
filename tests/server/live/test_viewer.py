from __future__ import annotations

from proto.v1.live_pb2 import LiveMessage, Skipped
from server.live.viewer import Rows, Viewer

RUN, OTHER = "run", "other"


def rows(seq: int, size: int = 10, *, run: str = RUN) -> Rows:
    return Rows(run, seq, rows=seq * 100, payload=f"{run}{seq}".encode().ljust(size, b"."))


def drain(viewer: Viewer) -> list[bytes]:
    sent = []
    while (message := viewer.next()) is not None:
        sent.append(message.rstrip(b"."))
    return sent


def has_room(viewer: Viewer) -> bool:
    """A call, because the type checker takes a property for as constant as a field."""
    return viewer.room


def skipped(message: bytes) -> Skipped:
    return LiveMessage.FromString(message).skipped


def test_batches_go_out_in_order() -> None:
    viewer = Viewer({})
    for seq in (1, 2, 3):
        viewer.offer(rows(seq))
    assert drain(viewer) == [b"run1", b"run2", b"run3"]
    assert viewer.cursors == {RUN: 3}


def test_what_the_browser_holds_is_not_sent_again() -> None:
    viewer = Viewer({RUN: 2})
    viewer.queue(rows(2))
    viewer.offer(rows(1))
    viewer.offer(rows(3))
    viewer.queue(rows(3))
    assert drain(viewer) == [b"run3"]


def test_a_batch_without_rows_only_moves_the_cursor() -> None:
    viewer = Viewer({})
    viewer.offer(Rows(RUN, 1, 0, None))
    assert drain(viewer) == []
    assert viewer.cursors == {RUN: 1}


def test_only_the_newest_state_is_sent_and_before_rows() -> None:
    viewer = Viewer({})
    viewer.offer(rows(1))
    viewer.state(b"old")
    viewer.state(b"new")
    assert drain(viewer) == [b"new", b"run1"]


def test_a_full_queue_skips_and_says_what() -> None:
    viewer = Viewer({}, max_bytes=100)
    for seq in range(1, 8):
        viewer.offer(rows(seq, 40))
    assert drain(viewer) == [b"run1", b"run2"]
    assert drain(viewer) == [], "no room yet: not even for telling"
    viewer.seen(2)
    gap = viewer.next()
    assert gap is not None
    assert skipped(gap) == Skipped(run=RUN, first_seq=3, last_seq=7, rows=2500)
    viewer.offer(rows(8, 40))
    assert drain(viewer) == [b"run8"]


def test_rows_behind_a_gap_come_after_its_marker() -> None:
    viewer = Viewer({}, max_bytes=100)
    for seq in (1, 2, 3):
        viewer.offer(rows(seq, 50))
    assert drain(viewer) == [b"run1", b"run2"]
    viewer.seen(2)
    viewer.offer(rows(4, 50))
    first, second = drain(viewer)
    assert skipped(first).last_seq == 3
    assert second == b"run4"


def test_after_a_gap_it_goes_on_only_with_real_room() -> None:
    viewer = Viewer({}, max_bytes=100)
    for seq in range(1, 12):
        viewer.offer(rows(seq, 10))
    assert len(drain(viewer)) == 10
    viewer.seen(2)
    viewer.offer(rows(12, 10))
    assert drain(viewer) == []
    viewer.seen(8)
    viewer.offer(rows(13, 10))
    gap, last = drain(viewer)
    assert (skipped(gap).first_seq, skipped(gap).last_seq) == (11, 12)
    assert last == b"run13"


def test_each_run_has_its_own_gap() -> None:
    viewer = Viewer({}, max_bytes=50)
    viewer.offer(rows(1, 50))
    viewer.offer(rows(2, 10))
    viewer.offer(rows(1, 10, run=OTHER))
    drain(viewer)
    viewer.seen(1)
    assert {skipped(message).run for message in drain(viewer)} == {RUN, OTHER}


def test_a_batch_larger_than_the_queue_passes_alone() -> None:
    viewer = Viewer({}, max_bytes=10)
    viewer.offer(rows(1, 1000))
    assert drain(viewer) == [b"run1"]
    assert not has_room(viewer)


def test_acknowledging_more_than_was_sent_frees_no_more() -> None:
    viewer = Viewer({}, max_bytes=100)
    viewer.offer(rows(1, 80))
    viewer.seen(10**9)
    assert not has_room(viewer), "it is queued, nobody can have drawn it"
    drain(viewer)
    viewer.seen(10**9)
    assert has_room(viewer)
    viewer.offer(rows(2, 80))
    viewer.seen(2)
    assert not has_room(viewer)


def test_the_queue_never_exceeds_its_bound_when_live() -> None:
    viewer = Viewer({}, max_bytes=1000)
    held = 0
    for seq in range(1, 500):
        viewer.offer(rows(seq, 97))
        held += sum(len(m) for m in iter(viewer.next, None))
    assert held < 1000 + 97
