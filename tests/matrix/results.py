"""Results on disk: results/<kernel>/<tool>/ holds ours.json and the stock tool's raw output, written cell by cell."""

from __future__ import annotations

import importlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from os import uname
from pathlib import Path
from typing import Any

from bpf.catalog import ROOT as TOOLS
from bpf.catalog import tool_folders
from tests.matrix.cell import Cell
from tests.matrix.digest import DEFINITION, digest

RESULTS = Path(__file__).parent / "results"
TEXT_MAX = 24 * 1024


def names() -> list[str]:
    """Of every tool that has a cell."""
    return [folder.name for folder in tool_folders(TOOLS) if (folder / DEFINITION).exists()]


def cell(tool: str) -> Cell:
    found: Cell = importlib.import_module(f"bpf.{tool}.test_stock").CELL
    return found


def cells() -> dict[str, Cell]:
    """Of every tool that has one, by name."""
    return {name: cell(name) for name in names()}


@dataclass(frozen=True, slots=True)
class Measured:
    """With what: the tree's commit, and the digest of the cell before it was measured."""

    commit: str
    digest: str


def stale(root: Path, kernel: str, tools: Collection[str]) -> list[str]:
    """Those of the tools, or of all if none is named, whose cell is not current."""
    wanted = [name for name in names() if name in tools or not tools]
    return [name for name in wanted if not is_current(root, kernel, name)]


def series(release: str) -> str:
    """6.1 of 6.1.0-56-amd64."""
    return ".".join(release.split(".")[:2])


def load(root: Path, kernel: str, tool: str) -> dict[str, Any] | None:
    path = root / kernel / tool / "ours.json"
    return json.loads(path.read_text()) if path.exists() else None


def is_current(root: Path, kernel: str, tool: str) -> bool:
    found = load(root, kernel, tool)
    return found is not None and found["digest"] == digest(TOOLS / tool)


def save(root: Path, tool: str, measured: Measured, result: dict[str, Any], stock_output: str) -> None:
    folder = root / series(uname().release) / tool
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stock.txt").write_text(_shortened(stock_output))
    head = {
        "tool": tool,
        "kernel": uname().release,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": measured.commit,
        "digest": measured.digest,
    }
    (folder / "ours.json").write_text(json.dumps(head | result, indent=2) + "\n")


def _shortened(text: str) -> str:
    """Beginning and end of a long output; what is left out is said."""
    half = TEXT_MAX // 2
    if len(text) <= TEXT_MAX:
        return text
    return f"{text[:half]}\n[... {len(text) - TEXT_MAX} characters left out ...]\n{text[-half:]}"
