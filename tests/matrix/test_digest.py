"""What makes a cell stale, and that one which is not is left as it is."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from bpf.catalog import INCLUDE
from bpf.catalog import ROOT as TOOLS
from tests.matrix import __main__ as matrix
from tests.matrix import fill, results
from tests.matrix.digest import digest


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    for name in (INCLUDE, "biolatency", "opensnoop"):
        shutil.copytree(TOOLS / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        ("opensnoop/tool.toml", "[[param]]\n", '[[param]]\nhint = "x"\n', []),
        ("opensnoop/tool.toml", "FS_FOLDER", "FS_OTHER", ["opensnoop"]),
        ("opensnoop/probe.bpf.c", "\n", " // words\n", []),
        ("opensnoop/probe.bpf.c", "\n", "\nint more;\n", ["opensnoop"]),
        ("opensnoop/test_stock.py", "1009", "1013", ["opensnoop"]),
        ("include/requests.h", "u64 start;", "u64 begin;", ["biolatency"]),
        ("include/calls.h", "u32 number;", "u32 which;", ["opensnoop"]),
        ("include/types.h", "\n", "\nint more;\n", ["biolatency", "opensnoop"]),
        ("opensnoop/README.md", "\n", "\nmore\n", []),
    ],
)
def test_only_what_a_cell_was_measured_with_makes_it_stale(
    tools: Path, file: str, old: str, new: str, stale: list[str]
) -> None:
    before = {name: digest(tools / name) for name in ("biolatency", "opensnoop")}
    path = tools / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert [name for name, value in before.items() if digest(tools / name) != value] == stale


def test_what_fills_a_cell_counts(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_text
    shutil.copytree(TOOLS / "syscount", tools / "syscount")
    before = {name: digest(tools / name) for name in ("opensnoop", "syscount")}
    fillers = dict.fromkeys(("measure.py", "stock.py", "stock_macros.h", "statements.py"), "opensnoop")
    for name, tool in {**fillers, "calls.c": "syscount", "line.h": "syscount"}.items():
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_text", lambda path, name=name: read(path) + ("\n" if path.name == name else ""))
            assert digest(tools / tool) != before[tool], name


def test_a_cell_that_is_current_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a guest booted for it."""
    measured: list[str] = []

    def note(tool: str, *_: object, **__: object) -> bool:
        measured.append(tool)
        return True

    monkeypatch.setattr(fill, "fill", note)
    monkeypatch.setattr("sys.argv", ["fill", str(tmp_path), "commit", "opensnoop", "tcplife"])
    results.save(tmp_path, "opensnoop", results.Measured("commit", digest(TOOLS / "opensnoop")), {}, "")
    results.save(tmp_path, "tcplife", results.Measured("commit", "another"), {}, "")
    assert fill.main() == 0
    assert measured == ["tcplife"]
    assert json.loads((tmp_path / results.series(os.uname().release) / "opensnoop/ours.json").read_text())["digest"]

    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(matrix, "run", lambda *_: pytest.fail("booted"))
    here = results.series(os.uname().release)
    assert matrix._guest(here, ["opensnoop"])
