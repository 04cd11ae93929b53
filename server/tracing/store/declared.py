"""Batches that a host could not send whole: their events were counted as stored there, and are not stored here."""

from __future__ import annotations

from collections.abc import Sequence

from proto.v1.stream_pb2 import LOSS_CAUSE_DAMAGED, Ledger


def declare(ledger: Ledger, hits: int, lost_ns: Sequence[int]) -> Ledger:
    """The host's ledger with what is missing of its stored events as lost.

    ``hits``: events in the batches up to this ledger. ``lost_ns``: when, of each damaged batch; without any the ledger
    stands as it is, and so it does when more is stored than the host counted, which breaks the books.
    """
    missing = ledger.stored - hits
    if not lost_ns or missing <= 0:
        return ledger
    declared = Ledger()
    declared.CopyFrom(ledger)
    declared.stored = hits
    times = [boot_ns for boot_ns in lost_ns if boot_ns]
    first, last = (min(times), max(times)) if times else (0, 0)
    declared.lost.add(cause=LOSS_CAUSE_DAMAGED, events=missing, first_boot_ns=first, last_boot_ns=last)
    return declared
