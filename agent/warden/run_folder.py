"""One run's folder on disk: ``envelope.pb``, ``run.json`` and the spool, which is the queue between runner and link.

The warden removes what the server has stored and, when a runner died, closes the spool with an end frame of its own.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.config import SPOOL
from agent.files import sync_folder, write_all, write_atomic
from proto import frame
from proto.salvage import salvage
from proto.v1.stream_pb2 import BatchHead

ENVELOPE, RUN, RECORDED, SUFFIX = "envelope.pb", "run.json", "recorded", ".frames"


@dataclass(frozen=True, slots=True)
class RunnerMark:
    """Which process runs the run; pid and start time together name one process since boot."""

    boot_id: str
    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True)
class Tail:
    """The last whole frame of a spool; ``end`` is its offset behind, ``torn`` the bytes that follow it."""

    path: Path
    head: BatchHead
    end: int
    torn: int


class RunFolder:
    def __init__(self, runs: Path, run_id: bytes) -> None:
        self.run_id = run_id
        self.path = runs / run_id.hex()
        self.spool = self.path / SPOOL

    def create(self, envelope: bytes, gid: int) -> None:
        """``gid`` is link's group: it may read the spool and nothing else. Raises OSError."""
        self.path.mkdir(mode=0o750)
        self.ensure_spool(gid)
        write_atomic(self.path / ENVELOPE, envelope, durable=False)

    def ensure_spool(self, gid: int) -> None:
        self.spool.mkdir(mode=0o750, exist_ok=True)
        for folder in (self.path, self.spool):
            os.chown(folder, -1, gid)
            folder.chmod(0o750)

    def mark_recorded(self) -> None:
        """The run's end is in the host's audit log."""
        write_atomic(self.path / RECORDED, b"")

    @property
    def recorded(self) -> bool:
        return (self.path / RECORDED).exists()

    def mark_runner(self, mark: RunnerMark) -> None:
        write_atomic(self.path / RUN, json.dumps(asdict(mark)).encode(), durable=False)

    def runner(self) -> RunnerMark | None:
        try:
            values = json.loads((self.path / RUN).read_bytes())
            return RunnerMark(str(values["boot_id"]), int(values["pid"]), int(values["start_ticks"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def files(self) -> list[Path]:
        """Oldest first: each is named by its first frame's seq."""
        return sorted(self.spool.glob(f"*{SUFFIX}")) if self.spool.is_dir() else []

    @property
    def first_seq(self) -> int:
        """Of the oldest frame that is still here: the server has stored those before it."""
        files = self.files()
        return first_seq(files[0]) if files else 1

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.files())

    def tail(self) -> Tail | None:
        """None when no whole frame is there."""
        for path in reversed(self.files()):
            found = _tail_of(path)
            if found is not None:
                return found
        return None

    def append_end(self, head: BatchHead, gid: int) -> None:
        """Cut a torn tail off and add the run's last frame, durably. Raises OSError."""
        tail = self.tail()
        newest = tail.path if tail else self.spool / f"{head.seq:012d}{SUFFIX}"
        for path in self.files():
            if path > newest:
                path.unlink()
        descriptor = os.open(newest, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        try:
            os.fchown(descriptor, -1, gid)
            os.fchmod(descriptor, 0o640)
            os.ftruncate(descriptor, tail.end if tail else 0)
            os.lseek(descriptor, 0, os.SEEK_END)
            write_all(descriptor, frame.encode(head))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(self.spool)

    def trim(self, acked_seq: int) -> None:
        """Remove files that the server has stored entirely. The newest two stay: a frame there holds the books."""
        for path, following in itertools.pairwise(self.files()[:-1]):
            if first_seq(following) <= acked_seq + 1:
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def first_seq(path: Path) -> int:
    return int(path.name.removesuffix(SUFFIX))


def folders(runs: Path) -> Iterator[RunFolder]:
    """Every run folder that a warden left here."""
    for path in sorted(runs.iterdir()):
        try:
            run_id = bytes.fromhex(path.name)
        except ValueError:
            continue
        if len(run_id) == 16 and path.is_dir():
            yield RunFolder(runs, run_id)


def _tail_of(path: Path) -> Tail | None:
    last: Tail | None = None
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for entry in salvage(file):
            if entry.frame is not None:
                last = Tail(path, entry.frame.head, entry.end, size - entry.end)
    return last
