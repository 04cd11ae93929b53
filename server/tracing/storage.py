"""How much is stored, how much may be, and who changed that."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.db import transaction

from server.audit.record import record
from server.errors import Conflict, Invalid
from server.tracing.keeping import DEFAULTS, Span, Spans, check
from server.tracing.models import StoragePolicy
from server.tracing.quantities import bytes_text
from server.tracing.segments import segment_store

DEPLOYMENT = ""
# A start is refused once less than this share of the quota is left: what runs already has to fit into the rest.
RESERVE = 0.05


@dataclass(frozen=True, slots=True)
class Bounds:
    """None: no such bound."""

    quota_bytes: int | None = None
    keep_bytes: int | None = None
    keep_days: int | None = None
    classes: Spans = field(default_factory=lambda: DEFAULTS)


@dataclass(frozen=True, slots=True)
class Stored:
    used_bytes: int
    sessions: int
    free_bytes: int  # on the store's disk


def bounds() -> Bounds:
    found = StoragePolicy.objects.filter(owner=DEPLOYMENT).first()
    if found is None:
        return Bounds()
    classes = DEFAULTS | {name: Span(**span) for name, span in found.classes.items()}
    return Bounds(found.quota_bytes, found.keep_bytes, found.keep_days, classes)


def ceilings_since() -> datetime.datetime | None:
    """A class's ceiling counts from then for sessions that ended before; None: from each session's end."""
    return StoragePolicy.objects.filter(owner=DEPLOYMENT).values_list("ceilings_since", flat=True).first()


def change(actor: str, wanted: Bounds) -> None:
    """Raises Invalid. On the record."""
    if wanted.quota_bytes and wanted.keep_bytes and wanted.keep_bytes > wanted.quota_bytes:
        raise Invalid(
            f"sessions are to be kept up to {bytes_text(wanted.keep_bytes)}, which the quota of "
            f"{bytes_text(wanted.quota_bytes)} does not allow; keep less or raise the quota",
            field="keep_bytes",
        )
    check(wanted.classes)
    with transaction.atomic():
        before = bounds()
        StoragePolicy.objects.update_or_create(owner=DEPLOYMENT, defaults=asdict(wanted))
        record("storage.change", actor, detail={"before": asdict(before), "after": asdict(wanted)})


def stored() -> Stored:
    store = segment_store()
    sizes = store.usage.sessions()
    return Stored(sum(sizes.values()), len(sizes), shutil.disk_usage(_existing(store.root)).free)


def require_room() -> None:
    """Raises Conflict when nothing new may be stored."""
    quota = bounds().quota_bytes
    if quota is None:
        return
    used = stored().used_bytes
    if used >= quota * (1 - RESERVE):
        raise Conflict(f"{full_text(used, quota)}: delete sessions or have an admin raise the quota in the settings")


def full_text(used: int, quota: int) -> str:
    return f"the store holds {bytes_text(used)} of {bytes_text(quota)}"


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
