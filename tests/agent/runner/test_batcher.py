"""Batches on the spool, and limits kept exactly."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agent.runner.batcher import Batcher
from agent.runner.ledger import Ledger
from agent.runner.redact import Redactor, mark
from agent.runner.spool import Spool, SpoolFull
from proto import frame
from proto.columnar import arrow_schema, decode_body
from proto.encryption import RunEncryptor, decrypt, unwrap
from proto.v1 import stream_pb2 as pb
from proto.v1 import tool_pb2
from proto.v1.agent_pb2 import RunLimits
from proto.v1.local_pb2 import RedactionRules
from tests.agent.support.commands import PAYLOAD_KEY

COLUMNS = [
    tool_pb2.Column(name="time", type=tool_pb2.CTYPE_S64),
    tool_pb2.Column(name="path", type=tool_pb2.CTYPE_STRING, sensitivity=tool_pb2.SENSITIVITY_NAMES),
]
SUMS = [tool_pb2.Column(name="count", type=tool_pb2.CTYPE_U64)]
STREAMS = [pb.StreamSchema(name="rows", columns=COLUMNS), pb.StreamSchema(name="sums", columns=SUMS, hits="count")]
REDACTOR = Redactor(STREAMS, RedactionRules(detectors=["password"]))


def rows(count: int, start: int = 0, path: bytes = b"/a") -> pa.RecordBatch:
    listed = [{"time": number, "path": path} for number in range(start, start + count)]
    return pa.RecordBatch.from_pylist(listed, schema=arrow_schema(COLUMNS))


def batcher(folder: Path, limits: RunLimits | None = None, share: int = 0) -> Batcher:
    return Batcher(b"r" * 16, STREAMS, limits or RunLimits(), Spool(folder, share, os.getgid()), Ledger(), REDACTOR)


def frames(folder: Path) -> list[frame.Frame]:
    found = []
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            found += [item for _, item in frame.scan(file)]
    return found


def times(folder: Path) -> list[int]:
    return [
        row["time"]
        for item in frames(folder)
        if item.head.rows
        for row in decode_body(STREAMS[0], item.body, item.head.body_size).to_pylist()
    ]


def test_heads_number_batches_and_rows_and_carry_the_books(tmp_path: Path) -> None:
    out = batcher(tmp_path)
    out.write(0, rows(3))
    out.write(0, rows(2, 3))
    out.end(pb.RunEnd(cause=pb.END_CAUSE_STOPPED, message="enough", ledger_known=True))
    heads = [item.head for item in frames(tmp_path)]
    assert [(head.seq, head.first_row, head.rows, head.hits) for head in heads] == [
        (1, 0, 3, 3),
        (2, 3, 2, 2),
        (3, 5, 0, 0),
    ]
    assert [head.ledger.stored for head in heads] == [3, 5, 5]
    assert heads[2].end.message == "enough"
    assert times(tmp_path) == [0, 1, 2, 3, 4]


def test_an_aggregates_rows_stand_for_their_hits(tmp_path: Path) -> None:
    out = batcher(tmp_path)
    out.write(1, pa.RecordBatch.from_pylist([{"count": 40}, {"count": 2}], schema=arrow_schema(SUMS)))
    head = frames(tmp_path)[0].head
    assert (head.stream, head.rows, head.hits, out.ledger.stored) == (1, 2, 42, 42)


@pytest.mark.parametrize("sizes", [[10], [4, 4, 4], [7], [3, 4], [100]])
def test_the_row_limit_is_exact_wherever_it_falls(tmp_path: Path, sizes: list[int]) -> None:
    out, start = batcher(tmp_path, RunLimits(rows=7)), 0
    for size in sizes:
        out.write(0, rows(size, start))
        start += size
    assert times(tmp_path) == list(range(min(7, start)))
    assert out.reached == pb.END_CAUSE_ROWS
    assert out.ledger.stored + out.ledger.lost(pb.LOSS_CAUSE_LIMIT) == start


def test_the_byte_limit_is_never_passed_and_used_well(tmp_path: Path) -> None:
    out, limit = batcher(tmp_path, RunLimits(bytes=4000)), 4000
    noise = random.Random(1)
    listed = [{"time": number, "path": noise.randbytes(20)} for number in range(1000)]
    out.write(0, pa.RecordBatch.from_pylist(listed, schema=arrow_schema(COLUMNS)))
    out.write(0, rows(5))
    stored = sum(len(item.body) for item in frames(tmp_path))
    assert limit / 3 < stored <= limit
    assert out.reached == pb.END_CAUSE_BYTES
    assert times(tmp_path) == list(range(out.rows))
    assert out.ledger.stored + out.ledger.lost(pb.LOSS_CAUSE_LIMIT) == 1005


def test_a_full_spool_is_counted_and_leaves_no_hole_in_the_numbers(tmp_path: Path) -> None:
    out = batcher(tmp_path, share=600)
    for start in range(0, 50, 5):
        out.write(0, rows(5, start))
    heads = [item.head for item in frames(tmp_path)]
    assert [head.seq for head in heads] == list(range(1, len(heads) + 1))
    assert 0 < len(heads) < 10
    assert out.ledger.lost(pb.LOSS_CAUSE_SPOOL) == 50 - 5 * len(heads)
    out.end(pb.RunEnd(cause=pb.END_CAUSE_STOPPED))
    assert frames(tmp_path)[-1].head.seq == len(heads) + 1


def test_a_batch_that_is_too_large_for_a_frame_is_halved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "MAX_BODY", 6000)
    noise = random.Random(1)
    listed = [{"time": number, "path": noise.randbytes(40)} for number in range(500)]
    out = batcher(tmp_path)
    out.write(0, pa.RecordBatch.from_pylist(listed, schema=arrow_schema(COLUMNS)))
    assert len(frames(tmp_path)) > 2
    assert times(tmp_path) == list(range(500))


def test_no_frame_holds_more_rows_than_a_browser_may_be_sent_at_once(tmp_path: Path) -> None:
    out = batcher(tmp_path)
    count = frame.MAX_DECOMPRESSED // 10
    columns = [pa.array(np.arange(count)), pa.array([b"/a"] * count, pa.binary()).dictionary_encode()]
    out.write(0, pa.RecordBatch.from_arrays(columns, schema=arrow_schema(COLUMNS)))
    written = frames(tmp_path)
    assert len(written) == 2
    assert max(item.head.body_size for item in written) <= frame.MAX_DECOMPRESSED
    assert times(tmp_path) == list(range(count))


def test_secrets_are_taken_out_before_anything_is_on_the_disk(tmp_path: Path) -> None:
    out = batcher(tmp_path, RunLimits(rows=3))
    out.write(0, rows(5, path=b"run --password=hunter2 now"))
    out.end(pb.RunEnd(cause=pb.END_CAUSE_ROWS))
    first, end = frames(tmp_path)
    (path,) = set(decode_body(STREAMS[0], first.body, first.head.body_size).column("path").to_pylist())
    assert path.decode() == f"run --password={mark('password')} now"
    assert [(item.kind, item.values) for item in end.head.ledger.redacted] == [("password", 3)]


def test_encrypted_rows_reach_the_spool_as_ciphertext_alone(tmp_path: Path) -> None:
    out = batcher(tmp_path)
    out.encryptor = RunEncryptor(out.run_id, PAYLOAD_KEY.public_key().public_bytes_raw(), os.urandom(32))
    out.write(0, rows(5, path=b"/a/canary"))
    out.end(pb.RunEnd(cause=pb.END_CAUSE_DURATION))
    first, last = frames(tmp_path)
    assert b"canary" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    with pytest.raises(ValueError, match="not a zstd frame"):
        decode_body(STREAMS[0], first.body, first.head.body_size)
    key = unwrap(PAYLOAD_KEY, out.run_id, out.encryptor.wrapped.wrapped_key)
    body = decrypt(key, first.head, STREAMS[0], first.body)
    assert decode_body(STREAMS[0], body, first.head.body_size).to_pylist() == rows(5, path=b"/a/canary").to_pylist()
    assert (first.head.rows, last.body, last.head.HasField("encryption")) == (5, b"", False)


def test_a_batch_that_found_no_room_uses_up_its_nonce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, refused = batcher(tmp_path), []

    def full(seq: int, data: bytes, *, always: bool = False) -> None:
        refused.append(frame.decode(data).head)
        raise SpoolFull("full")

    out.encryptor = RunEncryptor(out.run_id, PAYLOAD_KEY.public_key().public_bytes_raw(), os.urandom(32))
    with monkeypatch.context() as patched:
        patched.setattr(out.spool, "append", full)
        out.write(0, rows(5))
    out.write(0, rows(5, start=5))
    (stored,) = frames(tmp_path)
    assert stored.head.seq == refused[0].seq == 1
    assert stored.head.encryption.nonce != refused[0].encryption.nonce
