"""What is stored of each run, kept in memory and brought up to date by reading only what is new."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import BinaryIO, TypeVar

from proto.salvage import salvage
from server.tracing.store.known import Stamp, stamp_of
from server.tracing.store.layout import Listing, RunFolder, Segment
from server.tracing.store.model import Damage, RunIndex
from server.tracing.store.sealed import SealedIndex
from server.tracing.store.summary import Summary

T = TypeVar("T")


@dataclass(slots=True)
class OpenSegment:
    """An open segment as far as it was read."""

    summary: Summary = field(default_factory=Summary)
    offset: int = 0
    stamp: Stamp = (0, 0, 0)
    seqs: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)  # where the frame of seqs[i] starts

    def refresh(self, path: Path) -> None:
        """Raises FileNotFoundError when the segment has been sealed meanwhile."""
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            stamp = stamp_of(status)
            if stamp == self.stamp:
                return
            grown = status.st_ino == self.stamp[0] and status.st_size > self.stamp[1]
            if not grown or not self._last_stands(file):
                self._forget()
            for entry in salvage(file, self.offset):
                if entry.frame is None:
                    lost = self.summary.last_seq + 1
                    self.summary.damage.append(Damage(lost, lost, f"{path.name} was altered"))
                else:
                    self.seqs.append(entry.frame.head.seq)
                    self.offsets.append(entry.end - entry.size)
                    self.summary.add(entry.frame.head, entry.size)
                self.offset = entry.end
            self.stamp = stamp

    def offset_after(self, seq: int) -> int:
        at = bisect_right(self.seqs, seq)
        return self.offsets[at] if at < len(self.offsets) else self.offset

    def _last_stands(self, file: BinaryIO) -> bool:
        """The last frame that was read is where it was: nothing was put in or taken out before it."""
        if not self.seqs:
            return True
        entry = next(salvage(file, self.offsets[-1]), None)
        return entry is not None and entry.frame is not None and entry.frame.head.seq == self.seqs[-1]

    def _forget(self) -> None:
        self.summary, self.offset, self.seqs, self.offsets = Summary(), 0, [], []


@dataclass(slots=True)
class SealedSegment:
    index: SealedIndex
    summary: Summary
    stamps: tuple[Stamp | None, ...]
    verified: bool

    def holds(self, folder: RunFolder, segment: Segment, *, verify: bool) -> bool:
        """No file has changed since, and it was looked at as closely as is asked for now."""
        return (self.verified or not verify) and self.stamps == _stamps(folder, segment, self.index)


class RunReader:
    """The state of one run in this process; thread-safe."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._lock = Lock()
        self._listing = Listing(folder)
        self._open: dict[int, OpenSegment] = {}
        self._sealed: dict[int, SealedSegment] = {}
        self._refused: dict[int, str] = {}

    def refuse(self, seq: int, reason: str) -> None:
        """Only whoever decrypted the batch could find out that it is none; the books shall tell."""
        with self._lock:
            self._refused[seq] = reason

    def segments(self) -> list[Segment]:
        with self._lock:
            return self._listing.segments()

    def index(self, *, verify: bool) -> RunIndex:
        """Reads what is new or has changed; ``verify``: and every byte of what was sealed, once."""
        return self._retry(lambda: self._index(verify))

    def last_seq(self) -> int:
        return self._retry(self._last_seq)

    def offset_after(self, segment: Segment, seq: int) -> int:
        """Where the first frame behind ``seq`` starts. Raises FileNotFoundError when the segment has been sealed."""
        with self._lock:
            return self._refreshed(segment).offset_after(seq)

    def _retry(self, question: Callable[[], T]) -> T:
        with self._lock:
            while True:
                try:
                    return question()
                except FileNotFoundError:
                    continue  # sealed while we looked: the next listing shows it

    def _index(self, verify: bool) -> RunIndex:  # noqa: FBT001
        total = Summary()
        segments = self._listing.segments()
        for segment in segments:
            total.join(self._sealed_summary(segment, verify) if segment.sealed else self._refreshed(segment).summary)
        self._drop_all_but(segments)
        total.damage += [Damage(seq, seq, reason) for seq, reason in sorted(self._refused.items())]
        return total.index()

    def _last_seq(self) -> int:
        for segment in self._listing.segments()[-1:]:
            if segment.sealed:
                return SealedIndex.load(segment.path).heads[-1].seq
            return self._refreshed(segment).summary.last_seq or segment.first_seq - 1
        return 0

    def _refreshed(self, segment: Segment) -> OpenSegment:
        state = self._open.setdefault(segment.first_seq, OpenSegment())
        state.refresh(segment.path)
        return state

    def _sealed_summary(self, segment: Segment, verify: bool) -> Summary:  # noqa: FBT001
        known = self._sealed.get(segment.first_seq)
        if known is not None and known.holds(self.folder, segment, verify=verify):
            return known.summary
        try:
            index = SealedIndex.load(segment.path)
        except ValueError as error:
            return Summary(damage=[Damage(segment.first_seq, segment.first_seq, str(error))])
        stamps = _stamps(self.folder, segment, index)
        summary = index.summary()
        summary.damage += index.verify(self.folder.path, digests=verify)
        self._sealed[segment.first_seq] = SealedSegment(index, summary, stamps, verify)
        return summary

    def _drop_all_but(self, segments: list[Segment]) -> None:
        is_open = {segment.first_seq for segment in segments if not segment.sealed}
        is_sealed = {segment.first_seq for segment in segments if segment.sealed}
        self._open = {first: state for first, state in self._open.items() if first in is_open}
        self._sealed = {first: state for first, state in self._sealed.items() if first in is_sealed}


def _stamps(folder: RunFolder, segment: Segment, index: SealedIndex) -> tuple[Stamp | None, ...]:
    return tuple(_stamp(path) for path in (segment.path, *(folder.path / file.name for file in index.files)))


def _stamp(path: Path) -> Stamp | None:
    try:
        return stamp_of(path.stat())
    except FileNotFoundError:
        return None
