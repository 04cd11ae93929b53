"""What all runs ever came to, kept as a few sums: asking for them costs the same however many runs there were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import BigIntegerField, BinaryField, F, Value

from proto.v1.stream_pb2 import Ledger, LossCause
from server.tracing.models import FINAL, Run, RunState, Total

LOST, ENDED = "lost.", "ended."
OPEN = frozenset(RunState.values) - frozenset(FINAL)


def add(run: Run) -> None:
    """A run has come to its end; once for each, in the transaction that ends it."""
    sums = of_run(run.rows, run.stored_bytes, run.run_ledger) + Counter({f"{ENDED}{run.state}": 1})
    for name in sorted(sums):  # the same order everywhere: two that add at once do not wait for each other
        Total.objects.get_or_create(name=name)
        Total.objects.filter(name=name).update(value=F("value") + sums[name])


def current() -> Counter[str]:
    """The sums of the runs that ended and of those that go on, as they stood at one moment."""
    number, packed = Value(0, output_field=BigIntegerField()), Value(b"", output_field=BinaryField())
    kept = Total.objects.annotate(other=number, packed=packed).values_list("name", "value", "other", "packed")
    going_on = Run.objects.exclude(state__in=FINAL).values_list("state", "rows", "stored_bytes", "ledger")
    return _sum(kept.union(going_on, all=True))


def of_run(rows: int, stored_bytes: int, ledger: Ledger) -> Counter[str]:
    sums = Counter(rows=rows, received_bytes=stored_bytes, seen=ledger.seen, stored=ledger.stored)
    for loss in ledger.lost:
        sums[f"{LOST}{cause_name(loss.cause)}"] += loss.events
    return +sums


def cause_name(cause: int) -> str:
    return LossCause.Name(LossCause.ValueType(cause)).removeprefix("LOSS_CAUSE_").lower()


def _sum(lines: Iterable[tuple[str, int, int, bytes]]) -> Counter[str]:
    """``lines``: sums by their names, and the figures of runs by their states."""
    sums: Counter[str] = Counter()
    for name, value, other, packed in lines:
        if name in OPEN:
            sums += of_run(value, other, Ledger.FromString(bytes(packed))) + Counter({name: 1})
        else:
            sums[name] += value
    return sums
