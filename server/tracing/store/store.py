"""The store of a deployment: one folder, written by ingest and read by web, in one process or in several."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event, RLock
from time import monotonic
from uuid import UUID

from proto.frame import Frame
from proto.v1.stream_pb2 import RunSchema, StreamSchema
from server.tracing.store.bodies import Bodies, encrypted
from server.tracing.store.deletion import Deletions
from server.tracing.store.index import RunReader
from server.tracing.store.layout import INDEX, SEGMENT, RunFolder, Segment
from server.tracing.store.model import RunIndex, StoredBatch
from server.tracing.store.reader import read
from server.tracing.store.sealing import HaltedError, NotSealableError, seal
from server.tracing.store.snapshot import Sealed, Snapshot, Snapshots, decrypted_snapshot
from server.tracing.store.usage import Usage
from server.tracing.store.writer import RunWriter

logger = logging.getLogger(__name__)

SEARCH_SECONDS = 300.0
READERS = 256  # runs whose index stays in memory
Key = tuple[UUID, UUID]
UnlockRun = Callable[[UUID, UUID, bytes], bytes]  # session, run and its wrapped key to the data key


def locked(session: UUID, run: UUID, _wrapped: bytes) -> bytes:
    """Of a store that has no keys. Raises PermissionError."""
    raise PermissionError(f"run {run} of session {session} is encrypted, and this store was opened without keys")


class SegmentStore:
    """Thread-safe. Every call that writes is durable when it returns."""

    def __init__(self, root: Path, unlock: UnlockRun = locked) -> None:
        self.root = root
        self._unlock = unlock
        self._lock = RLock()
        self._writers: dict[Key, RunWriter] = {}
        self._readers: OrderedDict[Key, RunReader] = OrderedDict()
        self._unsealed: set[Key] = set()
        self._unsealable: set[Path] = set()  # damaged: told once
        self._changed: set[Key] = set()  # sealed, and not taken since
        self._search_at = 0.0
        self._snapshots = Snapshots()
        self.halt = Event()  # set it before the process ends: sealing, and what follows on it, stops within a moment
        self.deletions = Deletions(root)
        self.usage = Usage(root)

    def pin(self, session: UUID, run: UUID, schema: RunSchema) -> None:
        """Keep the schema of the run's batches; without it they can be stored, but neither sealed nor read as rows."""
        RunFolder.of(self.root, session, run).pin(schema)

    def append(self, session: UUID, run: UUID, frames: Sequence[bytes | Frame]) -> None:
        """Store frames that follow the last seq; repeats are dropped. One fdatasync. A decoded one is checked already.

        Raises HoleError (what joined on is stored), FrameError (nothing is stored) or OSError (nothing is stored).
        """
        with self._lock:
            writer = self._writer((session, run))
        writer.append(frames)

    def last_seq(self, session: UUID, run: UUID) -> int:
        """0 when nothing is stored."""
        return self._reader((session, run)).last_seq()

    def index(self, session: UUID, run: UUID, *, verify: bool = True) -> RunIndex:
        """What is stored of the run now, checked against what was stored once.

        Without ``verify`` sealed files count as unchanged while they are there and as large: for lists of many runs.
        """
        return self._reader((session, run)).index(verify=verify)

    def read(self, session: UUID, run: UUID, after_seq: int = 0, max_bytes: int | None = None) -> Iterator[StoredBatch]:
        """Batches behind ``after_seq`` in order; stops once ``max_bytes`` of decompressed bodies were handed out."""
        taken = 0
        for batch in read(self._reader((session, run)), after_seq, partial(self._unlock, session, run)):
            yield batch
            taken += batch.head.body_size
            if max_bytes is not None and taken >= max_bytes:
                return

    def snapshot(self, session: UUID, run: UUID, number: int, schema: RunSchema) -> Snapshot:
        """All rows of the run's stream ``number`` as they stand now, for a query engine. Raises TooLargeError."""
        folder, stream = RunFolder.of(self.root, session, run), schema.streams[number]
        if encrypted(schema):
            bodies = Bodies(schema, partial(self._unlock, session, run))
            return decrypted_snapshot(folder, number, stream, bodies)
        return self._snapshots.of(folder, number, stream)

    def sealed(self, session: UUID, run: UUID) -> list[tuple[StreamSchema, Sealed]]:
        """Every sealed file of the run with what its rows look like."""
        folder = RunFolder.of(self.root, session, run)
        schema = folder.schema()
        return list(self._snapshots.sealed(folder, schema)) if schema is not None else []

    def take_sealed(self) -> list[Key]:
        """Runs with files that were sealed since the last call; now and then all that have any."""
        with self._lock:
            taken, self._changed = sorted(self._changed), set()
            return taken

    def seal_due(self) -> int:
        """Seal every closed, old or ended segment; returns how many. Call it every few seconds in one thread."""
        sealed = 0
        for key in self._find_unsealed():
            if self.halt.is_set():
                break
            sealed += self._seal_run(key)
        return sealed

    def delete(self, session: UUID) -> None:
        """Remove every byte of the session; a reader in the middle of it fails. See ``deletions`` for crashes."""
        with self._lock:
            writers = [self._writers.pop(key) for key in list(self._writers) if key[0] == session]
            for key in [key for key in self._readers if key[0] == session]:
                del self._readers[key]
        self._snapshots.forget(self.root / str(session))
        for writer in writers:
            writer.retire()
        self.deletions.remove(session)

    def _writer(self, key: Key) -> RunWriter:
        if key not in self._writers:
            self._writers[key] = RunWriter(RunFolder.of(self.root, *key))
        self._unsealed.add(key)
        return self._writers[key]

    def _reader(self, key: Key) -> RunReader:
        with self._lock:
            reader = self._readers.pop(key, None) or RunReader(RunFolder.of(self.root, *key))
            self._readers[key] = reader
            while len(self._readers) > READERS:
                self._readers.popitem(last=False)
            return reader

    def _find_unsealed(self) -> list[Key]:
        """Runs with open segments: known from the appends of this process, and looked for on disk now and then.

        What stands on disk and was not appended here was left by a process that is gone.
        """
        with self._lock:
            if monotonic() >= self._search_at:
                self._search_at = monotonic() + SEARCH_SECONDS
                self.deletions.clear()
                self._unsealed |= set(_runs_with(self.root, SEGMENT))
                self._changed |= set(_runs_with(self.root, INDEX))
            return sorted(self._unsealed)

    def _seal_run(self, key: Key) -> int:
        folder = RunFolder.of(self.root, *key)
        if not folder.path.is_dir():
            self._forget(key)
            return 0
        if key not in self._writers and encrypted(folder.schema()):
            self._forget(key)  # nothing to seal, and nobody here appends to it
            return 0
        with self._lock:
            writer = self._writer(key)
        writer.rotate_if_due()
        still_open = [segment for segment in folder.segments() if not segment.sealed]
        closed = still_open if writer.ended else still_open[:-1]
        sealed = self._seal(folder, closed)
        if sealed:
            with self._lock:
                self._changed.add(key)
        if (writer.ended or not writer.pending) and not self.halt.is_set():
            self._forget(key)
        return sealed

    def _seal(self, folder: RunFolder, segments: list[Segment]) -> int:
        schema = folder.schema()
        if schema is None or encrypted(schema):  # what is encrypted stays as it came
            return 0
        sealed = 0
        for segment in segments:
            if segment.path in self._unsealable:
                continue
            try:
                sealed += seal(folder, segment, schema, self.halt)
            except HaltedError:
                break
            except NotSealableError as error:
                self._unsealable.add(segment.path)
                logger.warning("run %s is left unsealed: %s", folder.path.name, error)
        return sealed

    def _forget(self, key: Key) -> None:
        with self._lock:
            writer = self._writers.pop(key, None)
            self._unsealed.discard(key)
        if writer is not None:
            writer.retire()


def _runs_with(root: Path, suffix: str) -> Iterator[Key]:
    for path in root.glob(f"*/*/*{suffix}"):
        with suppress(ValueError):
            yield UUID(path.parent.parent.name), UUID(path.parent.name)
