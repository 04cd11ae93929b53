"""Look for bytes in everything that stands in some folders, also in what is compressed there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from proto.columnar import BodyError, decompress_body
from proto.salvage import salvage


def holding(needle: bytes, *roots: Path) -> list[Path]:
    """Every file that has it: as it is, in the body of a frame, or in a Parquet file."""
    files = (path for root in roots for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if any(needle in part for part in _parts(path))]


def _parts(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if path.suffix == ".parquet":
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, (table := pq.read_table(path)).schema) as writer:
            writer.write_table(table)
        yield sink.getvalue().to_pybytes()
    for entry in salvage(io.BytesIO(data)):
        if entry.frame is not None and entry.frame.body:
            try:
                yield decompress_body(entry.frame.body, entry.frame.head.body_size)
            except BodyError:
                yield entry.frame.body
