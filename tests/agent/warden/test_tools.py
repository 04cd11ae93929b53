from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.warden.tools import usable_tools
from bpf.catalog import ROOT


def test_a_broken_tool_does_not_take_the_others_along(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("opensnoop", "include"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/tool.toml").write_text("[tool]\nname = 7\n")
    assert list(usable_tools(tmp_path)) == ["opensnoop"]
    assert "broken/tool.toml" in caplog.text and "left out" in caplog.text
