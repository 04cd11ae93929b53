"""Files and functions stay small enough to read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, is_generated, tracked

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_BPF_LINES = 200

SOURCES = [path for path in tracked("*.py", "*.ts", "*.tsx") if not is_generated(path)]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_file_is_short(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", tracked("bpf/*/probe.bpf.c"), ids=str)
def test_a_bpf_program_is_short(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= MAX_BPF_LINES


@pytest.mark.parametrize("path", [p for p in SOURCES if p.suffix == ".py"], ids=str)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{path}:{node.lineno} {node.name} has {lines} lines"
