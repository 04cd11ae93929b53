"""Do the books of a run close? Every event that was seen must be stored or counted as lost, with its cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bpf.params import BUFFER_MAX
from proto.v1 import stream_pb2 as pb
from proto.v1 import tool_pb2
from proto.v1.stream_pb2 import Ledger, Loss, LossCause, RunEnd, RunSchema
from server.tracing.store import RunIndex

State = Literal["in-flight", "complete", "limited", "blind", "lossy", "broken", "unknown"]

# A session is as good as its worst run.
SEVERITY: tuple[State, ...] = ("complete", "limited", "blind", "lossy", "unknown", "in-flight", "broken")

_ASKED_FOR = frozenset({pb.LOSS_CAUSE_THROTTLED, pb.LOSS_CAUSE_LIMIT})
_LIMITS = frozenset({pb.END_CAUSE_ROWS, pb.END_CAUSE_BYTES})
_WHERE: dict[int, str] = {
    pb.LOSS_CAUSE_RING: "lost in the ring",
    pb.LOSS_CAUSE_THROTTLED: "held back by the rate limit",
    pb.LOSS_CAUSE_LIMIT: "left out after the limit was reached",
    pb.LOSS_CAUSE_SPOOL: "lost because the host's disk had no room",
    pb.LOSS_CAUSE_MAP_FULL: "lost because the map of the keys was full",
    pb.LOSS_CAUSE_STACK_FULL: "lost because the table of stacks was full",
    pb.LOSS_CAUSE_MISSED: "missed because the program was running already",
    pb.LOSS_CAUSE_CRASH: "lost with the runner that died",
    pb.LOSS_CAUSE_DAMAGED: "lost because the host's disk damaged them before they were sent: check that disk",
    pb.LOSS_CAUSE_UNSEEN: "known to have happened while the kernel ran no probes",
}


@dataclass(frozen=True, slots=True)
class Books:
    state: State
    message: str  # one line for people


def books(
    index: RunIndex, end: RunEnd | None, schema: RunSchema | None = None, *, boot_ns: int = 0, stored_seq: int = 0
) -> Books:
    """``end``: how the run ended as far as the server knows, None while it runs.

    ``boot_ns``: the run's start, for the times of gaps. ``stored_seq``: the last batch that was ever acknowledged, so
    that a missing tail shows too.
    """
    ended = index.end or end
    broken = next(_breaks(index, ended, schema, stored_seq), None)
    if broken:
        return Books("broken", f"the books are broken: {broken}")
    if ended is None:
        return Books("in-flight", _so_far(index, boot_ns))
    if not ended.ledger_known:
        return Books("unknown", _unknown(index, ended))
    return _closed(index.ledger or Ledger(), ended, boot_ns)


def session_books(runs: Iterable[tuple[str, Books]]) -> Books:
    """Of a session from those of its runs, each with the name of its host: the worst one, saying where."""
    named = list(runs)
    if not named:
        return Books("in-flight", "no host has started yet")
    worst = max((books.state for _, books in named), key=SEVERITY.index)
    lines = [(host, books.message) for host, books in named if books.state == worst]
    if len(named) == 1:
        return Books(worst, lines[0][1])
    more = f", and {len(lines) - 1} more of {len(named)} hosts" if len(lines) > 1 else ""
    return Books(worst, f"{lines[0][0]}: {lines[0][1]}{more}")


def _breaks(index: RunIndex, end: RunEnd | None, schema: RunSchema | None, stored_seq: int) -> Iterator[str]:
    # What happened to a file says more than the hole that it left.
    for damage in index.damage:
        yield f"{_batches(damage.first_seq, damage.last_seq)}: {damage.reason}"
    for first, last in index.holes:
        yield _missing(first, last)
    if index.last_seq < stored_seq:
        yield f"{_missing(index.last_seq + 1, stored_seq)} although stored once"
    if end is None or not end.ledger_known or not index.last_seq:
        return
    if index.end is None or index.ledger is None:
        yield "the last batch, which closes them, is missing"
        return
    ledger, lost = index.ledger, sum(loss.events for loss in index.ledger.lost)
    if ledger.stored != index.hits:
        yield f"the ledger counts {_events(ledger.stored)} as stored, the batches hold {index.hits:,}"
    if schema is not None and _only_events(schema) and index.rows != index.hits:
        yield f"the batches stand for {_events(index.hits)} and hold {index.rows:,} rows"
    if ledger.seen != ledger.stored + lost:
        yield f"{_events(ledger.seen)} seen, but {ledger.stored:,} stored and {lost:,} lost"


def _closed(ledger: Ledger, end: RunEnd, boot_ns: int) -> Books:
    losses = [loss for loss in ledger.lost if loss.events]
    blind = [_blind(ledger)] if ledger.blind else []
    lines = [_loss(loss, boot_ns) for loss in losses] or [_all_stored(ledger, end)]
    message = "; ".join([*lines, *blind])
    if any(loss.cause not in _ASKED_FOR for loss in losses):
        return Books("lossy", message)
    if blind:
        return Books("blind", message)
    return Books("limited" if losses or end.cause in _LIMITS else "complete", message)


def _all_stored(ledger: Ledger, end: RunEnd) -> str:
    if end.cause in _LIMITS:
        return f"stopped at its limit: {_events(ledger.seen)} seen, all stored"
    if end.cause == pb.END_CAUSE_FAILED and not ledger.seen:
        return f"nothing was traced: {end.message}"
    complete = "" if ledger.blind else "complete: "
    return f"{complete}{_events(ledger.seen)} seen, all stored" if ledger.seen else f"{complete}no event was seen"


def _blind(ledger: Ledger) -> str:
    times = "once" if ledger.blind == 1 else f"{ledger.blind:,} times"
    return (
        f"{times} this host's kernel ran no probes on a CPU, for up to {ledger.blind_ns / 1e6:,.1f} ms together: "
        "what happened then is not counted"
    )


def _so_far(index: RunIndex, boot_ns: int) -> str:
    losses = [loss for loss in index.ledger.lost if loss.events] if index.ledger else []
    return "; ".join([f"running, {_events(index.hits)} stored so far", *(_loss(loss, boot_ns) for loss in losses)])


def _unknown(index: RunIndex, end: RunEnd) -> str:
    why = end.message or "the run's end was never reported"
    last = index.last_seq - (index.end is not None)  # whoever came after those who died wrote the end
    after = f"after batch {last}" if last else "from the start"
    return f"unknown {after}: {why}"


def _loss(loss: Loss, boot_ns: int) -> str:
    text = f"{_events(loss.events)} {_WHERE.get(loss.cause, LossCause.Name(loss.cause).lower())}{_hint(loss)}"
    if not boot_ns or not loss.first_boot_ns:
        return text
    first, last = (max(ns - boot_ns, 0) / 1e9 for ns in (loss.first_boot_ns, loss.last_boot_ns))
    return (
        f"{text} at {first:.1f} s"
        if f"{first:.1f}" == f"{last:.1f}"
        else f"{text} between {first:.1f} s and {last:.1f} s"
    )


def _hint(loss: Loss) -> str:
    """What to ask for another time."""
    if loss.cause != pb.LOSS_CAUSE_RING or not loss.buffer_bytes:
        return ""
    if loss.buffer_bytes > BUFFER_MAX:
        return " (no buffer would have held them: filter, or limit the rate)"
    return f" (a buffer of {loss.buffer_bytes >> 10} KiB would have held them)"


def _only_events(schema: RunSchema) -> bool:
    return all(stream.kind == tool_pb2.KIND_EVENTS for stream in schema.streams)


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _batches(first: int, last: int) -> str:
    return f"batch {first}" if first == last else f"batches {first} to {last}"


def _missing(first: int, last: int) -> str:
    return f"{_batches(first, last)} {'is' if first == last else 'are'} missing"
