"""Every module has its test where the tree says: agent/link/data.py is tested by tests/agent/link/test_data.py."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, product_modules, tracked

# Wiring without a decision of its own, run by every end-to-end test.
WIRING = {"__init__.py", "__main__.py", "apps.py", "asgi.py", "urls.py", "routing.py", "admin.py"}


def mirror_of(path: Path) -> Path:
    return Path("tests", *path.parts[:-1], f"test_{path.name}")


@pytest.mark.parametrize("path", [p for p in product_modules() if p.name not in WIRING], ids=str)
def test_a_module_has_its_test(path: Path) -> None:
    assert (ROOT / mirror_of(path)).exists(), f"write {mirror_of(path)}"


@pytest.mark.parametrize("path", [p for p in tracked("*test_*.py") if p.name.startswith("test_")], ids=str)
def test_every_test_checks_something(path: Path) -> None:
    words = ("assert", "raises", "expect(", "check_", "verify_")
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            text = ast.unparse(node)
            assert any(word in text for word in words), f"{path}:{node.lineno} {node.name} asserts nothing"
