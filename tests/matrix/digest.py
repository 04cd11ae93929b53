"""What a cell was measured with, as one number: a cell with another one is to be measured again.

That is what the tool says of itself but for its words to people, its program, the shared headers that it asks for, its
cell, and what fills it: the code of tests/matrix and the workload that the cell imports or names.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from bpf.catalog import MANIFEST, SOURCE, include_files
from tests.e2e.stack import ROOT

DEFINITION = "test_stock.py"
FILLERS = (ROOT / "tests/matrix", ROOT / "tests/workloads")
WORDS = {"title", "summary", "category", "help", "no_filter", "overhead", "hint"}
COMMENT = re.compile(r"\s*//.*")
SWITCH = re.compile(r"FS_\w+")
NAMED = re.compile(r'"(\w+\.(?:cpp|c|h|py))"')


def digest(folder: Path) -> str:
    """Of a tool's folder as it is now."""
    manifest = (folder / MANIFEST).read_text()
    source = COMMENT.sub("", (folder / SOURCE).read_text())
    parts = [json.dumps(_unworded(tomllib.loads(manifest)), sort_keys=True), source]
    parts += _headers(folder.parent, set(SWITCH.findall(manifest + source)))
    parts += [file.read_text() for file in sorted(_fillers(folder / DEFINITION))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _unworded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unworded(one) for key, one in value.items() if key not in WORDS}
    return [_unworded(one) for one in value] if isinstance(value, list) else value


def _headers(root: Path, switches: set[str]) -> Iterator[str]:
    """Those that hold something for a program with these switches."""
    for path in include_files(root):
        text = COMMENT.sub("", path.read_text())
        wanted = _conditions(text)
        if not wanted or wanted & switches:
            yield text


def _conditions(text: str) -> set[str]:
    """The switches of which a header needs one; empty when it has something for every program."""
    depth, found = 0, set[str]()
    for line in text.splitlines():
        if line.startswith("#if"):
            found |= set() if depth else set(SWITCH.findall(line))
            depth += 1
        elif line.startswith("#endif"):
            depth -= 1
        elif line.strip() and not depth:
            return set()
    return found


@cache
def _fillers(file: Path) -> frozenset[Path]:
    """A file of a cell, what it names or imports of the folders of fillers, and so on."""
    text = file.read_text()
    modules = _imported(ast.parse(text)) if file.suffix == ".py" else ()
    named = [folder / name for name in NAMED.findall(text) for folder in FILLERS]
    imported = [(ROOT / module.replace(".", "/")).with_suffix(".py") for module in modules]
    more = {path for path in [*named, *imported] if path.exists() and path.parent in FILLERS} - {file}
    return frozenset({file}.union(*map(_fillers, more)))


def _imported(tree: ast.AST) -> Iterator[str]:
    """Modules of tests, by their full names; `from tests.workloads import tls` names one too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tests."):
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
