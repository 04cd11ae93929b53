"""How far the rows of a run have come, written to the database now and then and not with every batch."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction

from server.tracing.models import FINAL, Run
from server.tracing.segments import segment_store


@dataclass(slots=True)
class Progress:
    """Counts are cumulative; ledger and cost are serialised, None when there is nothing new."""

    run: uuid.UUID
    rows: int = 0
    hits: int = 0
    stored_bytes: int = 0
    stored_seq: int = 0
    ledger: bytes | None = None
    cost: bytes | None = None
    peak_percent: float = 0
    note: str | None = None
    lost_ns: list[int] = field(default_factory=list)  # when, of each batch that the host declared as damaged


def stored(session: uuid.UUID, run: uuid.UUID) -> Progress:
    """What the store holds of the run, whatever the database was told."""
    index = segment_store().index(session, run)
    return Progress(run, index.rows, index.hits, index.bytes, index.last_seq, lost_ns=list(index.lost_ns))


def write(all_progress: Iterable[Progress]) -> None:
    """One transaction for all. A run that ended meanwhile keeps its final figures; figures never go back."""
    with transaction.atomic():
        for progress in all_progress:
            behind = Run.objects.filter(id=progress.run, stored_seq__lte=progress.stored_seq)
            behind.exclude(state__in=FINAL).update(**changes(progress))


def changes(progress: Progress) -> dict[str, int | float | bytes | str]:
    found: dict[str, int | float | bytes | str] = {
        "rows": progress.rows,
        "hits": progress.hits,
        "stored_bytes": progress.stored_bytes,
        "stored_seq": progress.stored_seq,
    }
    optional = {"ledger": progress.ledger, "cost": progress.cost, "note": progress.note}
    found.update({name: value for name, value in optional.items() if value is not None})
    if progress.peak_percent:
        found["peak_percent"] = progress.peak_percent
    return found
