"""Checks the audit's chain: every hash, every link, no hole."""

from __future__ import annotations

from dataclasses import dataclass

from server.audit.models import AuditEntry
from server.audit.record import GENESIS, entry_hash


@dataclass(frozen=True, slots=True)
class Verdict:
    entries: int
    head: str
    bad_id: int | None = None
    problem: str = ""


def verify() -> Verdict:
    """Stops at the first entry that does not fit. A cut-off end shows only against a head noted elsewhere."""
    head, count = GENESIS, 0
    for entry in AuditEntry.objects.order_by("id").iterator():
        problem = _problem(entry, count + 1, head)
        if problem:
            return Verdict(count, head, entry.id, problem)
        head, count = entry.hash, count + 1
    return Verdict(count, head)


def _problem(entry: AuditEntry, expected_id: int, head: str) -> str:
    if entry.id != expected_id:
        return f"entry {expected_id} is missing"
    if entry.previous_hash != head:
        return "it does not follow the entry before"
    if entry.hash != entry_hash(entry):
        return "its content was changed"
    return ""
