"""A new tool from the template is correct and runs at once."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from agent.kernel.bpf_syscall import read_percpu_u64
from agent.kernel.headers import ensure_headers
from agent.runner.attach import Request, attach, choose_variant
from bpf.catalog import ROOT, load_tool
from bpf.check import problems
from bpf.new_tool import NewToolError, main, make_tool
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.harness import HEADERS_CACHE


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "include", tmp_path / "include")
    return tmp_path


def test_a_new_tool_has_nothing_to_complain_about(catalogue: Path) -> None:
    folder = make_tool("mytool", catalogue)
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "probe.bpf.c",
        "test_mytool.py",
        "tool.toml",
    ]
    assert list(problems(catalogue)) == []
    assert not any("@name@" in path.read_text() for path in folder.iterdir())
    assert load_tool(folder).tool.streams[0].name == "mytool_rows"


@pytest.mark.kernel
def test_a_new_tool_attaches_and_sees_calls(catalogue: Path) -> None:
    entry = load_tool(make_tool("mytool", catalogue))
    headers = ensure_headers(HEADERS_CACHE)
    request = Request(entry, {}, Filters(pid=os.getpid()), headers=str(headers or ""))
    held = attach(request, choose_variant(entry.tool, ""))
    try:
        for _ in range(23):
            time.sleep(0.001)
        assert read_percpu_u64(held.maps["fs_counters"], 0) >= 23
    finally:
        held.close()


def test_a_name_that_cannot_be_is_refused(catalogue: Path) -> None:
    with pytest.raises(NewToolError, match="no tool name"):
        make_tool("My-Tool", catalogue)
    make_tool("mytool", catalogue)
    with pytest.raises(NewToolError, match="exists already"):
        make_tool("mytool", catalogue)
    assert main([]) == 2
    assert main(["Bad Name"]) == 1
