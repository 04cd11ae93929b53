"""``python -m bpf.check``."""

from __future__ import annotations

import shutil
from pathlib import Path

from bpf.catalog import ROOT
from bpf.check import main, problems


def test_the_catalogue_is_in_order() -> None:
    assert list(problems()) == []
    assert main() == 0


def test_everything_that_is_wrong_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "include", tmp_path / "include")
    for name in ("opensnoop", "syscount"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "syscount/tool.toml").write_text("[tool]\nname = 5\n")
    (tmp_path / "opensnoop/README.md").unlink()
    (tmp_path / "opensnoop/probe.bpf.c").write_text("\n" * 201)
    found = "\n".join(problems(tmp_path))
    assert "syscount/tool.toml: name: must be str" in found
    assert "opensnoop/README.md: missing" in found
    assert "201 lines, at most 200" in found
