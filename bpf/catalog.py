"""Finds the tools: every folder below ``bpf/`` that holds a ``tool.toml``. There is no list to keep."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bpf.manifest import ManifestError, load_manifest
from proto.v1.tool_pb2 import Tool

ROOT = Path(__file__).resolve().parent
MANIFEST = "tool.toml"
SOURCE = "probe.bpf.c"
INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class CatalogTool:
    """``digest`` is the sha-256 of all that decides what the tool does; server and host compare it before a start."""

    tool: Tool
    folder: Path
    digest: bytes
    source: str


def load_catalog(root: Path = ROOT) -> dict[str, CatalogTool]:
    """All tools by name, in order. Raises ManifestError."""
    return {folder.name: load_tool(folder) for folder in tool_folders(root)}


def tool_folders(root: Path = ROOT) -> Iterator[Path]:
    """Folders with a manifest; a name that starts with ``_`` is a template."""
    for folder in sorted(root.iterdir()):
        if not folder.name.startswith("_") and (folder / MANIFEST).is_file():
            yield folder


def load_tool(folder: Path) -> CatalogTool:
    """Raises ManifestError."""
    tool = load_manifest(folder / MANIFEST)
    try:
        source = (folder / SOURCE).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{folder / SOURCE}: cannot be read: {error}") from error
    return CatalogTool(tool, folder, _digest(folder), source)


def include_files(root: Path = ROOT) -> list[Path]:
    """The shared headers in the order in which they are put before every program."""
    first = ("types.h", "watch.h", "filter.h", "emit.h", "files.h")
    more = ("folder.h", "sockets.h", "requests.h", "where.h", "calls.h", "arguments.h", "returns.h")
    return [root / INCLUDE / name for name in (*first, *more)]


def _digest(folder: Path) -> bytes:
    digest = hashlib.sha256()
    for path in (folder / MANIFEST, folder / SOURCE, *include_files(folder.parent)):
        data = path.read_bytes()
        digest.update(f"{path.parent.name}/{path.name} {len(data)}\n".encode() + data)
    return digest.digest()
