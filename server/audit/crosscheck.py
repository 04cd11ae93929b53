"""The server's record beside a host's own one: every start and every opening of rows stands in both, or is named."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from server.audit.models import AuditEntry, EntryHost

# An order that is younger may still be on its way.
SETTLED = datetime.timedelta(minutes=2)
_STARTS = {"start": "a start", "refusal": "a refusal"}
_OPENINGS = {"open": "a key given out", "open refused": "a key not given out"}
Line = dict[str, Any]


@dataclass(slots=True)
class Comparison:
    """``matched``: starts; ``repeats``: orders that came to the host again and were refused there."""

    matched: int = 0
    differences: list[str] = field(default_factory=list)
    openings: int = 0
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class _Start:
    """``envelope``: sha-256 of the order; empty where the entry is older than that field."""

    entry: int
    time: datetime.datetime
    envelope: str

    def ordered(self, line: Line) -> bool:
        return self.envelope in ("", line.get("envelope", ""))


def compare(host: str, lines: Iterable[Line]) -> Comparison:
    """``lines``: the host's record, checked."""
    found, answers, opened = Comparison(), defaultdict[str, list[Line]](list), defaultdict[str, list[Line]](list)
    for line in lines:
        if line["event"] in _STARTS:
            answers[str(line["run"])].append(line)
        elif line["event"] in _OPENINGS:
            opened[str(line.get("opening", ""))].append(line)
    _compare_starts(found, host, answers)
    _compare_openings(found, host, opened)
    return found


def _compare_starts(found: Comparison, host: str, answers: dict[str, list[Line]]) -> None:
    here, unsent = _starts(host), _unsent(host)
    for run, lines in answers.items():
        _compare_run(found, lines, here.get(run, []))
    for run, starts in here.items():
        told = [f"run {_named(run)}, entry {start.entry} here," for start in starts]
        found.differences += [f"{again} stands here already as entry {starts[0].entry}" for again in told[1:]]
        if run not in answers and run not in unsent and _settled(starts[0].time):
            found.differences.append(f"{told[0]} is missing in the host's record")


def _compare_run(found: Comparison, lines: list[Line], starts: list[_Start]) -> None:
    """A host starts a run once; the same order that comes again it refuses."""
    if not starts:
        found.differences += [f"{_where(line)} is missing here" for line in lines]
        return
    answer = next((line for line in lines if line["event"] == "start"), lines[0])
    start = next((start for start in starts if start.ordered(answer)), starts[0])
    for line in lines:
        if not start.ordered(line):
            found.differences.append(f"{_where(line)} is of another order than entry {start.entry} here")
        elif line is answer:
            found.matched += 1
        elif line["event"] == "start":
            found.differences.append(f"{_where(line)} stands there already in line {answer['n']}")
        else:
            found.repeats += 1


def _compare_openings(found: Comparison, host: str, opened: dict[str, list[Line]]) -> None:
    """An opening that the server says was refused may have reached the host or not."""
    asked, refused = dict[str, AuditEntry](), set[str]()
    for entry in _entries(host, "session.open"):
        opening = uuid.UUID(entry.detail["opening"]).hex
        if entry.outcome == "done":
            asked.setdefault(opening, entry)
        else:
            refused.add(opening)
    for opening, lines in opened.items():
        if opening in asked:
            found.openings += 1
        else:
            found.differences += [f"{_where(line)} is missing here" for line in lines]
    for opening in asked.keys() - opened.keys() - refused:
        if _settled(asked[opening].time):
            where = f"opening {_named(opening)}, entry {asked[opening].id} here,"
            found.differences.append(f"{where} is missing in the host's record")


def _where(line: Line) -> str:
    what = (_STARTS | _OPENINGS)[line["event"]]
    return f"line {line['n']} of the host's record, {what} of run {_named(str(line.get('run', '')))},"


def _settled(time: datetime.datetime) -> bool:
    return time < timezone.now() - SETTLED


def _starts(host: str) -> dict[str, list[_Start]]:
    found = defaultdict[str, list[_Start]](list)
    for entry in _entries(host, "session.start"):
        for target in entry.detail.get("targets", []):
            if target["host"] == host:
                start = _Start(entry.id, entry.time, entry.detail.get("envelope", ""))
                found[uuid.UUID(target["run"]).hex].append(start)
    return found


def _unsent(host: str) -> set[str]:
    """Runs that ended before their order had left."""
    ends = (run for entry in _entries(host, "session.end") for run in entry.detail["runs"])
    return {uuid.UUID(run["run"]).hex for run in ends if run["host"] == host and run.get("sent") is False}


def _entries(host: str, action: str) -> Iterator[AuditEntry]:
    about = EntryHost.objects.filter(host=host).values("entry")
    return AuditEntry.objects.filter(id__in=about, action=action).order_by("id").iterator()


def _named(run: str) -> str:
    return str(uuid.UUID(run)) if len(run) == 32 else "unknown"
