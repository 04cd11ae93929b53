"""Closes the books of a run whose runner no longer can: seen = stored + everything lost, from what outlived it."""

from __future__ import annotations

from dataclasses import dataclass

from agent.kernel.counters import Counters
from proto.v1.stream_pb2 import BatchHead, EndCause, Ledger, Loss, LossCause, RunEnd


@dataclass(frozen=True, slots=True)
class Moment:
    boot_ns: int
    wall_ns: int


def end_head(run_id: bytes, last: BatchHead | None, ledger: Ledger, end: RunEnd, now: Moment) -> BatchHead:
    """Head of the frame that follows ``last`` and ends the run."""
    return BatchHead(
        run_id=run_id,
        seq=last.seq + 1 if last else 1,
        first_row=last.first_row + last.rows if last else 0,
        boot_ns=now.boot_ns,
        wall_ns=now.wall_ns,
        ledger=ledger,
        end=end,
    )


def close_books(counters: Counters, reported: Ledger, last: BatchHead | None, now: Moment) -> Ledger:
    """What BPF counted, less what is on the spool and what is known to be lost, went with the runner.

    ``reported`` is the runner's own last word: it alone knows what it dropped for limits or for want of disk.
    Raises ValueError when the counts contradict each other.
    """
    stored = last.ledger.stored if last else 0
    lost: dict[int, int] = {loss.cause: loss.events for loss in _own_losses(reported, last)}
    lost |= {int(cause): events for cause, events in counters.lost.items()}
    crash = counters.seen - stored - sum(lost.values())
    if crash < 0:
        raise ValueError(f"{stored} stored and {sum(lost.values())} lost are more than the {counters.seen} seen")
    if crash:
        lost[LossCause.LOSS_CAUSE_CRASH] = crash
    ledger = Ledger(seen=counters.seen, stored=stored, blind=counters.blind, blind_ns=counters.blind_ns)
    ledger.redacted.extend(last.ledger.redacted if last else ())
    told = [*(last.ledger.lost if last else ()), *reported.lost]
    known: dict[int, Loss] = {loss.cause: loss for loss in told}
    since = last.boot_ns if last else now.boot_ns
    for cause, events in sorted(lost.items()):
        first = known[cause].first_boot_ns if cause in known else since
        ledger.lost.add(cause=cause, events=events, first_boot_ns=first, last_boot_ns=now.boot_ns)
    return ledger


def unknown_end(last: BatchHead | None, cause: EndCause, message: str) -> tuple[Ledger, RunEnd]:
    """Books of a run whose counters are gone too: known up to its last frame only."""
    ledger = Ledger()
    if last:
        ledger.CopyFrom(last.ledger)
    return ledger, RunEnd(cause=cause, message=message, ledger_known=False)


def _own_losses(reported: Ledger, last: BatchHead | None) -> list[LossCount]:
    newest = {loss.cause: loss.events for loss in (last.ledger.lost if last else [])}
    for loss in reported.lost:
        newest[loss.cause] = max(loss.events, newest.get(loss.cause, 0))
    own = (LossCause.LOSS_CAUSE_LIMIT, LossCause.LOSS_CAUSE_SPOOL)
    return [LossCount(cause, newest[cause]) for cause in own if newest.get(cause)]


@dataclass(frozen=True, slots=True)
class LossCount:
    cause: int
    events: int
