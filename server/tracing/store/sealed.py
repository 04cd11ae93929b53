"""A sealed segment: its Parquet files, and the ``.idx`` that says what they must hold."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from proto.v1.stream_pb2 import BatchHead
from server.tracing.store.model import Damage
from server.tracing.store.summary import Summary

SEQ = "_seq"
ROW = "_row"
RISING = ("time", ROW)  # from row to row, in nearly every file


@dataclass(frozen=True)
class SealedFile:
    """The rows of one stream. ``groups`` holds the first seq of each row group; no batch stands in two groups."""

    name: str
    stream: int
    size: int
    sha256: str
    groups: list[int]


@dataclass(frozen=True)
class SealedIndex:
    segment_bytes: int  # of the segment it was made from
    files: list[SealedFile]
    heads_base64: list[str]

    @classmethod
    def load(cls, path: Path) -> SealedIndex:
        """Raises ValueError when the file is not an index, FileNotFoundError when it is gone."""
        checksum, _, data = path.read_bytes().partition(b"\n")
        if checksum != _checksum(data):
            raise ValueError(f"{path.name} was altered")
        raw = orjson.loads(data)
        return cls(raw["bytes"], [SealedFile(**file) for file in raw["files"]], raw["heads"])

    def dump(self) -> bytes:
        files = [vars(file) for file in self.files]
        data = orjson.dumps({"bytes": self.segment_bytes, "files": files, "heads": self.heads_base64})
        return _checksum(data) + b"\n" + data

    @cached_property
    def heads(self) -> list[BatchHead]:
        return [BatchHead.FromString(base64.b64decode(head)) for head in self.heads_base64]

    def summary(self) -> Summary:
        summary = Summary()
        for head in self.heads:
            summary.add(head, 0)
        summary.bytes = self.segment_bytes
        return summary

    def verify(self, folder: Path, *, digests: bool = True) -> list[Damage]:
        """What is not as it was written. Without digests it only looks whether the files are there and as large."""
        return [damage for file in self.files for damage in self._verify_file(folder, file, digests=digests)]

    def _verify_file(self, folder: Path, file: SealedFile, *, digests: bool) -> Iterator[Damage]:
        heads = [head for head in self.heads if head.stream == file.stream and head.rows]
        path = folder / file.name
        try:
            if path.stat().st_size == file.size and (not digests or digest(path) == file.sha256):
                return
            stored = _rows_per_seq(path)
        except FileNotFoundError:
            yield Damage(heads[0].seq, heads[-1].seq, f"{file.name} was removed")
            return
        except (OSError, ValueError):
            yield Damage(heads[0].seq, heads[-1].seq, f"{file.name} cannot be read")
            return
        wrong = [head.seq for head in heads if stored[head.seq] != head.rows]
        if wrong:
            yield Damage(wrong[0], wrong[-1], f"rows were removed from {file.name}")
        else:
            yield Damage(heads[0].seq, heads[-1].seq, f"{file.name} was altered")


def leaf(field: pa.Field) -> str:
    """What Parquet calls the values of a column: of a list they are one level deeper."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checksum(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _rows_per_seq(path: Path) -> Counter[int]:
    counts = pc.value_counts(pq.read_table(path, columns=[SEQ])[SEQ])
    return Counter({entry["values"]: entry["counts"] for entry in counts.to_pylist()})
