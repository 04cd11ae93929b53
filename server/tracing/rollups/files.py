"""The rollup beside a sealed file, and whether it is one of that file's rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from server.tracing.rollups.cubes import Cube
from server.tracing.store import Known, Sealed

SUFFIX = ".rollup"
FORMAT = 2
METADATA = b"fleetscope"


@dataclass(frozen=True, slots=True)
class Rollup:
    """``cubes``: those that the file holds, by their number in it."""

    path: Path
    cubes: dict[Cube, int]


def rollup_path(parquet: Path) -> Path:
    return parquet.with_suffix(SUFFIX)


def metadata(sha256: str, shift: int, cubes: dict[Cube, int]) -> dict[bytes, bytes]:
    held = [{**asdict(cube), "number": number} for cube, number in cubes.items()]
    return {METADATA: orjson.dumps({"format": FORMAT, "of": sha256, "shift": shift, "cubes": held})}


class Rollups:
    """The heads of rollups, read once while the files stay as they are; thread-safe."""

    def __init__(self) -> None:
        self._heads = Known(_head)

    def of(self, sealed: Sealed, shift: int) -> Rollup | None:
        """None: there is none, or it counts other rows or by another clock."""
        path = rollup_path(sealed.path)
        try:
            head = orjson.loads(self._heads.of(path))
        except (OSError, ValueError):
            return None
        if (head["format"], head["of"], head["shift"]) != (FORMAT, sealed.sha256, shift):
            return None
        return Rollup(path, {Cube(cube["second"], cube["key"], cube["slot"]): cube["number"] for cube in head["cubes"]})


def _head(path: Path) -> bytes:
    head: bytes = (pq.read_schema(path).metadata or {}).get(METADATA, b"")
    return head
