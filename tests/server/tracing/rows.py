"""Frames of a small opensnoop-like run, made with the product's own encoder."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from proto import columnar
from proto.encryption import RunEncryptor
from proto.frame import encode
from proto.v1 import tool_pb2 as pb
from proto.v1.stream_pb2 import BatchHead, EndCause, Ledger, LossCause, RunEnd, RunSchema, StreamSchema
from proto.v1.tool_pb2 import Column

BOOT = 5_000_000_000_000
WALL = 1_790_000_000_000_000_000

EVENT_COLUMNS = [
    Column(name="time", type=pb.CTYPE_S64, unit=pb.UNIT_BOOT_TIME, role=pb.ROLE_TIME),
    Column(name="pid", type=pb.CTYPE_U32, unit=pb.UNIT_PID, role=pb.ROLE_KEY),
    Column(name="comm", type=pb.CTYPE_CHAR, size=16, unit=pb.UNIT_COMM, role=pb.ROLE_KEY),
    Column(name="fd", type=pb.CTYPE_S32, unit=pb.UNIT_FD, role=pb.ROLE_TEXT),
    Column(name="latency", type=pb.CTYPE_U64, unit=pb.UNIT_NANOSECONDS, role=pb.ROLE_MEASURE),
    Column(name="path", type=pb.CTYPE_STRING, unit=pb.UNIT_FILE_PATH, role=pb.ROLE_TEXT),
]
STACK_COLUMNS = [
    Column(name="time", type=pb.CTYPE_S64, unit=pb.UNIT_BOOT_TIME, role=pb.ROLE_TIME),
    Column(name="comm", type=pb.CTYPE_CHAR, size=16, unit=pb.UNIT_COMM, role=pb.ROLE_KEY),
    Column(name="stack", type=pb.CTYPE_STACK, role=pb.ROLE_STACK),
    Column(name="samples", type=pb.CTYPE_U64, unit=pb.UNIT_COUNT, role=pb.ROLE_MEASURE),
]


def stream(name: str, kind: pb.Kind, columns: Sequence[Column], hits: str = "") -> StreamSchema:
    message = columnar.schema_message(columnar.arrow_schema(columns))
    return StreamSchema(name=name, kind=kind, columns=columns, arrow_schema=message, hits=hits)


EVENTS = stream("events", pb.KIND_EVENTS, EVENT_COLUMNS)
STACKS = stream("stacks", pb.KIND_STACKS, STACK_COLUMNS, hits="samples")
SCHEMA = RunSchema(tool="opensnoop", variant="tracepoint", streams=[EVENTS])
TWO_STREAMS = RunSchema(tool="both", variant="tracepoint", streams=[EVENTS, STACKS])


def events(first: int, count: int, *, paths: Sequence[bytes] | None = None) -> pa.RecordBatch:
    """Rows first..first+count; every column follows from the row's number."""
    n = np.arange(first, first + count)
    numbers = range(first, first + count)
    path = [paths[i % len(paths)] if paths else b"/missing/%d" % i for i in numbers]
    return batch(
        EVENTS,
        [
            pa.array(BOOT + n * 1000, pa.int64()),
            pa.array(100 + n % 7, pa.uint32()),
            pa.array([(b"cat", b"l\xffs", b"=cmd")[i % 3] for i in n], pa.binary()),
            pa.array(np.where(n % 2, -1, 3), pa.int32()),
            pa.array(n * n % 1000003, pa.uint64()),
            pa.array(path, pa.binary()),
        ],
    )


def stacks(first: int, count: int) -> pa.RecordBatch:
    n = np.arange(first, first + count)
    frames = pa.array([[b"main", b"work%d" % (i % 3), b"sys_read_[k]"][: 2 + i % 2] for i in n], pa.list_(pa.utf8()))
    values = pa.ListArray.from_arrays(frames.offsets, frames.values.dictionary_encode())
    comm = pa.array([b"worker"] * count, pa.binary())
    return batch(STACKS, [pa.array(BOOT + n * 10**6, pa.int64()), comm, values, pa.array(n % 5 + 1, pa.uint64())])


def batch(schema: StreamSchema, arrays: Sequence[pa.Array]) -> pa.RecordBatch:
    target = columnar.arrow_schema(schema.columns)
    ready = [
        array.dictionary_encode() if pa.types.is_dictionary(field.type) else array.cast(field.type)
        for array, field in zip(arrays, target, strict=True)
    ]
    return pa.RecordBatch.from_arrays(ready, schema=target)


class Frames:
    """Makes the frames of one run, keeping its ledger as a runner would."""

    def __init__(self) -> None:
        self.seq = 0
        self.rows = 0
        self.stored = 0
        self.lost: dict[int, tuple[int, int, int]] = {}

    def rows_of(self, count: int, *, paths: Sequence[bytes] | None = None) -> bytes:
        return self.frame(events(self.rows, count, paths=paths), 0, count)

    def stacks_of(self, count: int) -> bytes:
        rows = stacks(self.rows, count)
        return self.frame(rows, 1, int(pa.compute.sum(rows["samples"]).as_py()))

    def frame(self, rows: pa.RecordBatch, number: int, hits: int) -> bytes:
        body, size = columnar.encode_body(rows)
        self.stored += hits
        head = self._next(BatchHead(stream=number, rows=rows.num_rows, body_size=size, hits=hits))
        self.rows += rows.num_rows
        return encode(head, body)

    def lose(self, cause: LossCause, count: int, first_ns: int = 0, last_ns: int = 0) -> None:
        self.lost[cause] = (count, first_ns, last_ns)

    def end(self, cause: EndCause, message: str = "", *, known: bool = True) -> bytes:
        return encode(self._next(BatchHead(end=RunEnd(cause=cause, message=message, ledger_known=known))))

    def ledger(self) -> Ledger:
        ledger = Ledger(seen=self.stored + sum(lost[0] for lost in self.lost.values()), stored=self.stored)
        for cause, (count, first, last) in self.lost.items():
            ledger.lost.add(cause=cause, events=count, first_boot_ns=first, last_boot_ns=last)
        return ledger

    def _next(self, head: BatchHead) -> BatchHead:
        self.seq += 1
        at = self.rows * 1000
        head.MergeFrom(
            BatchHead(seq=self.seq, first_row=self.rows, boot_ns=BOOT + at, wall_ns=WALL + at, ledger=self.ledger())
        )
        return head


class EncryptedFrames(Frames):
    """As a host makes them of a run of risk class S3."""

    def __init__(self, run_id: bytes, recipient: bytes, schema: RunSchema = SCHEMA) -> None:
        super().__init__()
        self.run_id = run_id
        self.key = os.urandom(32)
        self.encryptor = RunEncryptor(run_id, recipient, self.key)
        self.schema = RunSchema()
        self.schema.CopyFrom(schema)
        self.schema.encryption.CopyFrom(self.encryptor.wrapped)

    def frame(self, rows: pa.RecordBatch, number: int, hits: int, body: bytes = b"") -> bytes:
        """``body``: in place of the rows' own, from a host that lies."""
        plain, size = columnar.encode_body(rows)
        self.stored += hits
        head = self._next(BatchHead(run_id=self.run_id, stream=number, rows=rows.num_rows, body_size=size, hits=hits))
        self.rows += rows.num_rows
        sealed = self.encryptor.encrypt(head, self.schema.streams[number], body or plain)
        return encode(head, sealed)
