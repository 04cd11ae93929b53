"""The event store: the acknowledged log of every run, sealed into Parquet while the run still lives."""

from server.tracing.store.layout import replace_file
from server.tracing.store.model import Damage, HoleError, RunIndex, StoredBatch
from server.tracing.store.sealed import ROW, SEQ
from server.tracing.store.snapshot import Sealed, Snapshot, TooLargeError
from server.tracing.store.store import SegmentStore

__all__ = [
    "ROW",
    "SEQ",
    "Damage",
    "HoleError",
    "RunIndex",
    "Sealed",
    "SegmentStore",
    "Snapshot",
    "StoredBatch",
    "TooLargeError",
    "replace_file",
]
