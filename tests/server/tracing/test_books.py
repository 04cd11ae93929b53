from __future__ import annotations

from dataclasses import replace

import pytest

from proto.v1 import stream_pb2 as pb
from proto.v1.stream_pb2 import Ledger, Loss, RunEnd
from server.tracing.books import Books, books, session_books
from server.tracing.store import Damage, RunIndex
from tests.server.tracing.rows import BOOT, SCHEMA

DONE = RunEnd(cause=pb.END_CAUSE_DURATION, ledger_known=True)
WHOLE = RunIndex(
    rows=10,
    hits=10,
    first_seq=1,
    last_seq=3,
    bytes=900,
    ledger=Ledger(seen=10, stored=10),
    end=DONE,
)
LIVE = replace(WHOLE, end=None)


def lost(cause: pb.LossCause, events: int, first: float = 0, last: float = 0) -> Loss:
    at = [BOOT + int(seconds * 1e9) if seconds else 0 for seconds in (first, last)]
    return Loss(cause=cause, events=events, first_boot_ns=at[0], last_boot_ns=at[1])


def with_losses(*losses: Loss) -> RunIndex:
    return replace(WHOLE, ledger=Ledger(seen=10 + sum(loss.events for loss in losses), stored=10, lost=losses))


def judged(index: RunIndex, end: RunEnd | None = DONE, *, stored_seq: int = 0) -> Books:
    return books(index, end, SCHEMA, boot_ns=BOOT, stored_seq=stored_seq)


def test_everything_seen_is_stored() -> None:
    assert judged(WHOLE) == Books("complete", "complete: 10 events seen, all stored")


def test_a_running_run_is_in_flight_and_tells_its_losses() -> None:
    assert judged(LIVE, None) == Books("in-flight", "running, 10 events stored so far")
    losing = replace(with_losses(lost(pb.LOSS_CAUSE_RING, 1, 2, 2)), end=None)
    assert judged(losing, None).message == "running, 10 events stored so far; 1 event lost in the ring at 2.0 s"


def test_losses_say_cause_and_time() -> None:
    found = judged(with_losses(lost(pb.LOSS_CAUSE_RING, 3, 12.1, 12.4), lost(pb.LOSS_CAUSE_CRASH, 1200)))
    assert found.state == "lossy"
    assert (
        found.message
        == "3 events lost in the ring between 12.1 s and 12.4 s; 1,200 events lost with the runner that died"
    )


@pytest.mark.parametrize("cause", [pb.LOSS_CAUSE_THROTTLED, pb.LOSS_CAUSE_LIMIT])
def test_what_was_asked_for_is_limited_and_no_loss(cause: pb.LossCause) -> None:
    assert judged(with_losses(lost(cause, 5))).state == "limited"
    assert judged(with_losses(lost(cause, 5), lost(pb.LOSS_CAUSE_RING, 1))).state == "lossy"


def test_a_row_limit_without_losses_is_limited() -> None:
    end = RunEnd(cause=pb.END_CAUSE_ROWS, ledger_known=True)
    assert judged(replace(WHOLE, end=end)) == Books("limited", "stopped at its limit: 10 events seen, all stored")


def test_without_probes_for_a_while_nobody_says_complete() -> None:
    blind = Ledger(seen=10, stored=10, blind=3, blind_ns=23_456_000)
    told = (
        "3 times this host's kernel ran no probes on a CPU, for up to 23.5 ms together: "
        "what happened then is not counted"
    )
    assert judged(replace(WHOLE, ledger=blind)) == Books("blind", f"10 events seen, all stored; {told}")
    nothing = Ledger(blind=1, blind_ns=5_000_000)
    found = judged(replace(WHOLE, rows=0, hits=0, ledger=nothing))
    assert (found.state, found.message[:44]) == ("blind", "no event was seen; once this host's kernel r")
    losing = with_losses(lost(pb.LOSS_CAUSE_UNSEEN, 2))
    assert losing.ledger
    losing.ledger.MergeFrom(Ledger(blind=3, blind_ns=23_456_000))
    words = "2 events known to have happened while the kernel ran no probes"
    assert judged(losing) == Books("lossy", f"{words}; {told}")


@pytest.mark.parametrize("cause", [c for c in pb.LossCause.values() if c])
def test_every_cause_reads_as_words(cause: pb.LossCause) -> None:
    assert "loss_cause" not in judged(with_losses(lost(cause, 2))).message


def test_a_hole_is_broken_even_while_it_runs() -> None:
    for end in (DONE, None):
        found = judged(replace(LIVE if end is None else WHOLE, holes=((2, 2),)), end)
        assert found == Books("broken", "the books are broken: batch 2 is missing")
    assert judged(replace(WHOLE, holes=((2, 5),))).message.endswith("batches 2 to 5 are missing")


def test_damage_says_what_happened_to_which_batch() -> None:
    found = judged(replace(WHOLE, damage=(Damage(4, 9, "x.parquet was removed"),), holes=((4, 9),)))
    assert found == Books("broken", "the books are broken: batches 4 to 9: x.parquet was removed")


def test_a_missing_tail_is_broken() -> None:
    assert judged(WHOLE, stored_seq=5).message.endswith("batches 4 to 5 are missing although stored once")
    assert judged(LIVE).message.endswith("the last batch, which closes them, is missing")


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (replace(WHOLE, hits=9, rows=9), "the ledger counts 10 events as stored, the batches hold 9"),
        (replace(WHOLE, rows=9), "the batches stand for 10 events and hold 9 rows"),
        (replace(WHOLE, ledger=Ledger(seen=12, stored=10)), "12 events seen, but 10 stored and 0 lost"),
    ],
)
def test_sums_that_do_not_add_up_are_broken(index: RunIndex, message: str) -> None:
    assert judged(index) == Books("broken", f"the books are broken: {message}")


def test_an_unknown_ledger_is_unknown_after_the_last_batch() -> None:
    end = RunEnd(cause=pb.END_CAUSE_RUNNER_DIED, message="the agent died", ledger_known=False)
    assert judged(LIVE, end) == Books("unknown", "unknown after batch 3: the agent died")
    assert judged(replace(WHOLE, end=end), end).message == "unknown after batch 2: the agent died"
    nothing = RunIndex(rows=0, hits=0, first_seq=0, last_seq=0, bytes=0)
    assert judged(nothing, RunEnd()).message == "unknown from the start: the run's end was never reported"


def test_a_run_that_never_attached_says_why() -> None:
    end = RunEnd(cause=pb.END_CAUSE_FAILED, message="no such function", ledger_known=True)
    index = RunIndex(rows=0, hits=0, first_seq=1, last_seq=1, bytes=80, ledger=Ledger(), end=end)
    assert judged(index, end) == Books("complete", "nothing was traced: no such function")


def test_a_session_is_as_good_as_its_worst_run() -> None:
    complete, lossy = Books("complete", "fine"), Books("lossy", "3 lost")
    assert session_books([("a", complete)]) == complete
    assert session_books([("a", complete), ("b", lossy)]) == Books("lossy", "b: 3 lost")
    many = [("a", lossy), ("b", lossy), ("c", Books("broken", "hole")), ("d", Books("broken", "gone"))]
    assert session_books(many) == Books("broken", "c: hole, and 1 more of 4 hosts")
    assert session_books([]).state == "in-flight"


@pytest.mark.parametrize(
    ("needed", "hint"),
    [
        (0, "lost in the ring"),
        (128 << 20, "lost in the ring (a buffer of 131072 KiB would have held them)"),
        (2 << 30, "lost in the ring (no buffer would have held them: filter, or limit the rate)"),
    ],
)
def test_a_loss_in_the_ring_says_what_would_have_held_it(needed: int, hint: str) -> None:
    assert (
        judged(with_losses(Loss(cause=pb.LOSS_CAUSE_RING, events=5, buffer_bytes=needed))).message == f"5 events {hint}"
    )
