"""The server's record beside a host's own one: every start stands in both, with the same signed order, or is named."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from server.audit.models import AuditEntry, EntryHost

# An order that is younger may still be on its way.
SETTLED = datetime.timedelta(minutes=2)


@dataclass(slots=True)
class Comparison:
    matched: int = 0
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Start:
    """``envelope``: sha-256 of the order; empty where the entry is older than that field."""

    entry: int
    time: datetime.datetime
    envelope: str


def compare(host: str, lines: Iterable[dict[str, Any]]) -> Comparison:
    """``lines``: the host's record, checked."""
    found, here, unsent = Comparison(), _starts(host), _unsent(host)
    there: dict[str, dict[str, Any]] = {}
    for line in lines:
        if line["event"] in ("start", "refusal"):
            there.setdefault(str(line["run"]), line)
    for run, line in there.items():
        _compare(found, run, line, here.get(run))
    for run, start in here.items():
        if run not in there and run not in unsent and start.time < timezone.now() - SETTLED:
            found.differences.append(f"run {_named(run)}, entry {start.entry} here, is missing in the host's record")
    return found


def _compare(found: Comparison, run: str, line: dict[str, Any], start: _Start | None) -> None:
    where = f"line {line['n']} of the host's record, a {line['event']} of run {_named(run)},"
    if start is None:
        found.differences.append(f"{where} is missing here")
    elif start.envelope not in ("", line.get("envelope", "")):
        found.differences.append(f"{where} is of another order than entry {start.entry} here")
    else:
        found.matched += 1


def _starts(host: str) -> dict[str, _Start]:
    return {
        uuid.UUID(target["run"]).hex: _Start(entry.id, entry.time, entry.detail.get("envelope", ""))
        for entry in _entries(host, "session.start")
        for target in entry.detail.get("targets", [])
        if target["host"] == host
    }


def _unsent(host: str) -> set[str]:
    """Runs that ended before their order had left."""
    ends = (run for entry in _entries(host, "session.end") for run in entry.detail["runs"])
    return {uuid.UUID(run["run"]).hex for run in ends if run["host"] == host and run.get("sent") is False}


def _entries(host: str, action: str) -> Iterator[AuditEntry]:
    about = EntryHost.objects.filter(host=host).values("entry")
    return AuditEntry.objects.filter(id__in=about, action=action).order_by("id").iterator()


def _named(run: str) -> str:
    return str(uuid.UUID(run)) if len(run) == 32 else "unknown"
