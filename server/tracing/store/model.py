"""What the store hands out."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from proto import columnar
from proto.frame import encode
from proto.v1.stream_pb2 import BatchHead, Ledger, RunEnd, StreamSchema
from server.tracing.store.ipc import compact, messages


class HoleError(ValueError):
    """Frames do not join on to what is stored; ``expected`` is the seq to send next."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"batch {found} does not follow: send batch {expected} next")
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Damage:
    """Stored batches that are not what was stored once."""

    first_seq: int
    last_seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class RunIndex:
    """What is stored of one run. ``holes`` are inclusive ranges of missing seqs below ``last_seq``.

    ``ledger`` counts batches that the host could not send whole as lost, not as stored.
    """

    rows: int
    hits: int
    first_seq: int
    last_seq: int
    bytes: int
    holes: tuple[tuple[int, int], ...] = ()
    damage: tuple[Damage, ...] = ()
    lost_ns: tuple[int, ...] = ()  # when, of each batch that the host declared as damaged
    ledger: Ledger | None = None
    end: RunEnd | None = None


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """One batch as it was sent, whether it is read from a segment or from its sealed form.

    ``stream`` is None only where the run sent no schema; such a batch has no rows.
    """

    head: BatchHead
    stream: StreamSchema | None
    packed: bytes | None = None  # zstd, as it came
    rows: pa.RecordBatch | None = None  # a slice that drags the dictionaries of all rows around it along

    @property
    def seq(self) -> int:
        return self.head.seq

    def body(self) -> bytes:
        """Decompressed Arrow IPC messages, to be read behind the stream's schema message."""
        if self.packed:
            return columnar.decompress_body(self.packed, self.head.body_size)
        return messages(compact(self.rows)) if self.rows is not None else b""

    def batch(self) -> pa.RecordBatch | None:
        """The rows; None for a batch without any. Raises ValueError when they are not what the schema says."""
        if self.rows is not None:
            return compact(self.rows)
        if self.stream is None or not self.packed:
            return None
        return columnar.decode_body(self.stream, self.packed, self.head.body_size)

    def frame(self) -> bytes:
        """The frame; from a sealed segment it holds the same rows, newly encoded."""
        if self.rows is None:
            return encode(self.head, self.packed or b"")
        packed, size = columnar.encode_body(compact(self.rows))
        head = BatchHead()
        head.CopyFrom(self.head)
        head.body_size = size
        return encode(head, packed)
