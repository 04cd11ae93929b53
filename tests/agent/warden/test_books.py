from __future__ import annotations

import pytest

from agent.kernel.counters import Counters
from agent.warden.books import Moment, close_books, end_head, unknown_end
from proto.v1.stream_pb2 import BatchHead, EndCause, Ledger, Loss, LossCause, RunEnd

NOW = Moment(2000, 5000)
RING, LIMIT, SPOOL, CRASH = (
    LossCause.LOSS_CAUSE_RING, LossCause.LOSS_CAUSE_LIMIT, LossCause.LOSS_CAUSE_SPOOL, LossCause.LOSS_CAUSE_CRASH,
)  # fmt: skip


def _last(stored: int, *lost: Loss) -> BatchHead:
    return BatchHead(seq=7, first_row=40, rows=10, boot_ns=1000, ledger=Ledger(seen=99, stored=stored, lost=lost))


def _balance(ledger: Ledger) -> int:
    return ledger.seen - ledger.stored - sum(loss.events for loss in ledger.lost)


def test_what_is_not_accounted_for_went_with_the_runner() -> None:
    ledger = close_books(Counters(100, {RING: 5}), Ledger(), _last(60), NOW)
    assert {loss.cause: loss.events for loss in ledger.lost} == {RING: 5, CRASH: 35}
    assert (ledger.seen, ledger.stored, _balance(ledger)) == (100, 60, 0)
    crash = ledger.lost[-1]
    assert (crash.first_boot_ns, crash.last_boot_ns) == (1000, 2000)


def test_nothing_is_invented_when_everything_is_stored() -> None:
    ledger = close_books(Counters(60, {}), Ledger(), _last(60), NOW)
    assert not ledger.lost
    assert _balance(ledger) == 0


def test_the_runners_own_losses_count_with_its_last_word() -> None:
    reported = Ledger(lost=[Loss(cause=LIMIT, events=9, first_boot_ns=500)])
    last = _last(60, Loss(cause=LIMIT, events=4, first_boot_ns=400), Loss(cause=SPOOL, events=3, first_boot_ns=300))
    ledger = close_books(Counters(100, {}), reported, last, NOW)
    assert {loss.cause: loss.events for loss in ledger.lost} == {LIMIT: 9, SPOOL: 3, CRASH: 28}
    assert _balance(ledger) == 0


def test_without_frames_everything_seen_is_lost() -> None:
    ledger = close_books(Counters(10, {}), Ledger(), None, NOW)
    assert [(loss.cause, loss.events) for loss in ledger.lost] == [(CRASH, 10)]


def test_time_without_probes_is_told() -> None:
    ledger = close_books(Counters(60, {}, blind=3, blind_ns=5000), Ledger(), _last(60), NOW)
    assert (ledger.blind, ledger.blind_ns) == (3, 5000)


def test_contradicting_counts_are_not_made_to_fit() -> None:
    with pytest.raises(ValueError, match="60 stored and 5 lost are more than the 50 seen"):
        close_books(Counters(50, {RING: 5}), Ledger(), _last(60), NOW)


def test_the_end_frame_follows_the_last_one() -> None:
    end = RunEnd(cause=EndCause.END_CAUSE_RUNNER_DIED)
    head = end_head(b"r" * 16, _last(60), Ledger(seen=1), end, NOW)
    assert (head.seq, head.first_row, head.rows, head.boot_ns, head.wall_ns) == (8, 50, 0, 2000, 5000)
    assert head.end == end
    first = end_head(b"r" * 16, None, Ledger(), end, NOW)
    assert (first.seq, first.first_row) == (1, 0)


def test_books_without_counters_are_unknown_after_the_last_frame() -> None:
    ledger, end = unknown_end(_last(60), EndCause.END_CAUSE_AGENT_STOPPED, "gone")
    assert ledger.stored == 60
    assert not end.ledger_known
    assert unknown_end(None, EndCause.END_CAUSE_AGENT_STOPPED, "gone")[0] == Ledger()
