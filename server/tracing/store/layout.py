"""Names of the files of one run.

A segment is ``<first seq>.seg`` while it is open and, once sealed, ``<first seq>.parquet`` (one more file per further
stream) with ``<first seq>.idx`` beside it. While a ``.seg`` exists it is the truth: sealing publishes the ``.idx`` and
only then unlinks it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path
from uuid import UUID

from proto.v1.stream_pb2 import RunSchema

SEGMENT = ".seg"
INDEX = ".idx"
SETTLED_NS = 100_000_000
SCHEMA = "schema.pb"


@dataclass(frozen=True, slots=True)
class Segment:
    first_seq: int
    sealed: bool
    path: Path  # the .seg or the .idx


@dataclass(frozen=True, slots=True)
class RunFolder:
    path: Path

    @classmethod
    def of(cls, root: Path, session: UUID, run: UUID) -> RunFolder:
        return cls(root / str(session) / str(run))

    def segment(self, first_seq: int) -> Path:
        return self.path / f"{first_seq:012d}{SEGMENT}"

    def index(self, first_seq: int) -> Path:
        return self.path / f"{first_seq:012d}{INDEX}"

    def parquet(self, first_seq: int, stream: int) -> Path:
        return self.path / (f"{first_seq:012d}.{stream}.parquet" if stream else f"{first_seq:012d}.parquet")

    def segments(self) -> list[Segment]:
        """In order of seq; none when nothing is stored."""
        # A listing may miss a segment that is sealed during it: its .idx appeared too late and its .seg went too early.
        # The next listing has the .idx for certain, so two equal ones are complete.
        found = self._list_segments()
        while (again := self._list_segments()) != found:
            found = again
        return found

    def _list_segments(self) -> list[Segment]:
        found: dict[int, Segment] = {}
        for name in self._names():
            stem, _, suffix = name.partition(".")
            if suffix not in ("seg", "idx") or not stem.isdecimal():
                continue
            first = int(stem)
            if suffix == "seg" or first not in found:
                found[first] = Segment(first, suffix == "idx", self.path / name)
        return [found[first] for first in sorted(found)]

    def schema(self) -> RunSchema | None:
        try:
            return RunSchema.FromString((self.path / SCHEMA).read_bytes())
        except FileNotFoundError:
            return None

    def pin(self, schema: RunSchema) -> None:
        """Store what the run's batches look like; durable when it returns."""
        self.create()
        replace_file(self.path / SCHEMA, schema.SerializeToString(deterministic=True))

    def create(self) -> None:
        if self.path.is_dir():
            return
        self.path.mkdir(parents=True, exist_ok=True)
        for folder in (self.path.parent, self.path.parent.parent):
            sync_folder(folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run against every other writer, in this process and in others."""
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            flock(handle, LOCK_EX)
            yield
        finally:
            flock(handle, LOCK_UN)
            os.close(handle)

    def _names(self) -> list[str]:
        with suppress(FileNotFoundError):
            return os.listdir(self.path)  # noqa: PTH208  (thousands of names, many times a second)
        return []


class Listing:
    """The segments of a run, listed again only when the folder has changed."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._changed_ns = 0
        self._settled = False
        self._found: list[Segment] = []

    def segments(self) -> list[Segment]:
        try:
            changed_ns = self._folder.path.stat().st_mtime_ns
        except FileNotFoundError:
            self._settled = False
            return []
        if not self._settled or changed_ns != self._changed_ns:
            # Time stamps are coarse: within a tick of a change there may be another one with the same stamp.
            # A stamp of the future is from before the clock was set back, and so long ago too.
            self._settled = abs(time.time_ns() - changed_ns) > SETTLED_NS
            self._changed_ns = changed_ns
            self._found = self._folder.segments()
        return self._found


def replace_file(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write durably and atomically: a crash leaves the old file or the new one. ``mode``: else as the umask has it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
