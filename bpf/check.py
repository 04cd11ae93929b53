"""``python -m bpf.check``: says everything that is wrong with the tools, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bpf.catalog import ROOT, load_tool, tool_folders
from bpf.manifest import ManifestError

MAX_C_LINES = 200


def problems(root: Path = ROOT) -> Iterator[str]:
    """One line for each problem: ``file: key: why``."""
    for folder in tool_folders(root):
        try:
            found = load_tool(folder)
        except ManifestError as error:
            yield str(error)
            continue
        yield from _folder(folder)
        lines = found.source.count("\n")
        if lines > MAX_C_LINES:
            yield f"{folder / 'probe.bpf.c'}: {lines} lines, at most {MAX_C_LINES}; split the tool or use include/"


def main() -> int:
    found = list(problems())
    for problem in found:
        sys.stderr.write(problem + "\n")
    return 1 if found else 0


def _folder(folder: Path) -> Iterator[str]:
    for name in ("README.md", f"test_{folder.name}.py"):
        if not (folder / name).is_file():
            yield f"{folder / name}: missing; every tool has one"


if __name__ == "__main__":
    sys.exit(main())
