"""The event store: the acknowledged log of every run, sealed into Parquet while the run still lives."""

from server.tracing.store.known import Known
from server.tracing.store.layout import replace_file
from server.tracing.store.model import Damage, HoleError, RunIndex, StoredBatch
from server.tracing.store.sealed import RISING, ROW, SEQ, leaf
from server.tracing.store.snapshot import Sealed, Snapshot, TooLargeError
from server.tracing.store.store import SegmentStore
from server.tracing.store.tails import OpenRows

__all__ = [
    "RISING",
    "ROW",
    "SEQ",
    "Damage",
    "HoleError",
    "Known",
    "OpenRows",
    "RunIndex",
    "Sealed",
    "SegmentStore",
    "Snapshot",
    "StoredBatch",
    "TooLargeError",
    "leaf",
    "replace_file",
]
