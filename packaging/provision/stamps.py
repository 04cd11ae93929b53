"""Stamps say that a step's inputs have not changed since it last succeeded."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest(*parts: str | Path) -> str:
    """One hash over texts and the contents of files. A missing file counts as such."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else _content(part)
        sha.update(len(data).to_bytes(8, "little") + data)
    return sha.hexdigest()


def files_below(folder: Path, *, without: Iterable[str] = ()) -> list[Path]:
    """All files of a tree in a fixed order, leaving out top-level entries by name."""
    tops = [top for top in folder.iterdir() if top.name not in set(without)]
    nested = [path for top in tops if top.is_dir() for path in top.rglob("*") if path.is_file()]
    return sorted([top for top in tops if top.is_file()] + nested)


class Stamp:
    """The digest a step last succeeded with. Keep the file inside what the step makes, so both go together."""

    def __init__(self, path: Path, wanted: str) -> None:
        self._path = path
        self._wanted = wanted

    def fresh(self) -> bool:
        return self._path.is_file() and self._path.read_text() == self._wanted

    def write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(self._wanted)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b"missing"
