"""Turns record batches into framed batches on the spool, and keeps to the run's row and byte limits exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from agent.clock import boot_ns, wall_ns
from agent.runner.arrays import compact
from agent.runner.ledger import Ledger
from agent.runner.redact import Redactor
from agent.runner.spool import Spool, SpoolFull
from proto import frame
from proto.columnar import encode_body
from proto.v1 import stream_pb2 as pb
from proto.v1.agent_pb2 import RunLimits

if TYPE_CHECKING:
    from proto.encryption import RunEncryptor


@dataclass(slots=True)
class Batcher:
    """``reached`` names the limit that was hit: nothing is stored from then on, all that still comes is counted."""

    run_id: bytes
    streams: Sequence[pb.StreamSchema]
    limits: RunLimits
    spool: Spool
    ledger: Ledger
    redactor: Redactor
    encryptor: RunEncryptor | None = None  # of risk class S3: bodies reach the spool encrypted
    seq: int = 0
    rows: int = 0
    stored_bytes: int = 0
    reached: pb.EndCause = pb.END_CAUSE_UNSPECIFIED
    trouble: str = ""  # why the newest rows could not be stored; one line for people

    def write(self, stream: int, batch: pa.RecordBatch) -> None:
        room = self.limits.rows - self.rows if self.limits.rows else batch.num_rows
        keep = 0 if self.reached else min(room, batch.num_rows)
        if keep:
            cleaned, redacted = self.redactor.clean(stream, batch.slice(0, keep))
            self.ledger.redact(redacted)
            self._store(stream, cleaned)
        self._lose(stream, batch.slice(keep), pb.LOSS_CAUSE_LIMIT)
        if self.limits.rows and self.rows >= self.limits.rows:
            self.reached = self.reached or pb.END_CAUSE_ROWS

    def end(self, end: pb.RunEnd) -> None:
        """Raises SpoolFull when even the small last frame cannot be written."""
        self.ledger.read_kernel()
        head = self._head(0)
        head.end.CopyFrom(end)
        self.spool.append(head.seq, frame.encode(head), always=True)
        self.spool.settle()
        self.seq = head.seq

    def _store(self, stream: int, batch: pa.RecordBatch) -> None:
        body, body_size = encode_body(batch)
        if len(body) > frame.MAX_BODY - frame.TAG or body_size > frame.MAX_DECOMPRESSED:
            half = batch.num_rows // 2
            self._store(stream, compact(batch.slice(0, half)))
            self._store(stream, compact(batch.slice(half)))
            return
        if self.reached:
            self._lose(stream, batch, pb.LOSS_CAUSE_LIMIT)
        elif self.limits.bytes and self.stored_bytes + len(body) > self.limits.bytes:
            self._fill_up(stream, batch, len(body))
        else:
            self._append(stream, batch, body, body_size)

    def _fill_up(self, stream: int, batch: pa.RecordBatch, size: int) -> None:
        """The byte limit lies inside this batch: store as many of its first rows as surely fit."""
        self.reached = pb.END_CAUSE_BYTES
        keep = batch.num_rows * (self.limits.bytes - self.stored_bytes) // size
        while keep:
            first = compact(batch.slice(0, keep))
            body, body_size = encode_body(first)
            if self.stored_bytes + len(body) <= self.limits.bytes:
                self._append(stream, first, body, body_size)
                break
            keep //= 2
        self._lose(stream, batch.slice(keep), pb.LOSS_CAUSE_LIMIT)

    def _append(self, stream: int, batch: pa.RecordBatch, body: bytes, body_size: int) -> None:
        hits = self._hits(stream, batch)
        self.ledger.read_kernel()
        self.ledger.store(hits)
        head = self._head(body_size)
        head.stream, head.rows, head.hits = stream, batch.num_rows, hits
        size = len(body)
        if self.encryptor is not None:
            body = self.encryptor.encrypt(head, self.streams[stream], body)
        try:
            self.spool.append(head.seq, frame.encode(head, body))
        except SpoolFull as error:
            self.trouble = f"{error}; until then rows are lost, and counted"
            self.ledger.store(-hits)
            self.ledger.lose(pb.LOSS_CAUSE_SPOOL, hits)
            return
        self.seq = head.seq
        self.rows += batch.num_rows
        self.stored_bytes += size
        self.trouble = ""

    def _head(self, body_size: int) -> pb.BatchHead:
        return pb.BatchHead(
            run_id=self.run_id,
            seq=self.seq + 1,
            first_row=self.rows,
            body_size=body_size,
            boot_ns=boot_ns(),
            wall_ns=wall_ns(),
            ledger=self.ledger.message(),
        )

    def _lose(self, stream: int, batch: pa.RecordBatch, cause: pb.LossCause) -> None:
        if batch.num_rows:
            self.ledger.lose(cause, self._hits(stream, batch))

    def _hits(self, stream: int, batch: pa.RecordBatch) -> int:
        measure = self.streams[stream].hits
        return int(batch.column(measure).to_numpy().sum()) if measure else batch.num_rows
