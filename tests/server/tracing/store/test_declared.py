from __future__ import annotations

from proto.v1.stream_pb2 import LOSS_CAUSE_DAMAGED, LOSS_CAUSE_RING, BatchHead, Ledger, Loss
from server.tracing.store.declared import declare
from server.tracing.store.summary import Summary

RING = Loss(cause=LOSS_CAUSE_RING, events=3)


def test_without_a_damaged_batch_a_ledger_stands() -> None:
    ledger = Ledger(seen=10, stored=7, lost=[RING])
    assert declare(ledger, 5, []) is ledger, "what is missing without a word must break the books"


def test_what_is_missing_is_lost_at_the_times_of_the_damaged_batches() -> None:
    declared = declare(Ledger(seen=10, stored=7, lost=[RING]), 5, [40, 0, 20])
    damaged = Loss(cause=LOSS_CAUSE_DAMAGED, events=2, first_boot_ns=20, last_boot_ns=40)
    assert declared == Ledger(seen=10, stored=5, lost=[RING, damaged])


def test_more_than_the_host_counted_stands_and_breaks_the_books() -> None:
    ledger = Ledger(seen=10, stored=7)
    assert declare(ledger, 8, [1]) is ledger


def test_a_run_with_a_damaged_batch_has_no_hole_and_numbers_its_rows_on() -> None:
    summary = Summary()
    summary.add(BatchHead(seq=1, rows=2, hits=2, ledger=Ledger(seen=2, stored=2)), 10)
    summary.add(BatchHead(seq=2, damaged="a bit was flipped", boot_ns=7), 10)
    summary.add(BatchHead(seq=3, rows=4, hits=4, first_row=5, ledger=Ledger(seen=9, stored=9)), 10)
    index = summary.index()
    assert (index.holes, index.damage, index.rows, index.lost_ns) == ((), (), 6, (7,))
    assert index.ledger is not None
    assert (index.ledger.stored, index.ledger.lost[0].events) == (6, 3)
