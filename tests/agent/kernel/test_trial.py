"""A trial leaves neither a program nor its child behind."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from agent.kernel.trial import Trial
from bpf.catalog import load_catalog
from proto.v1.agent_pb2 import Verdict


def bpf_descriptors() -> list[str]:
    links = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return [link for link in links if "bpf" in link or "perf" in link]


def children() -> set[str]:
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has ended meanwhile
            found.update((task / "children").read_text().split())
    return found


@pytest.mark.kernel
@pytest.mark.parametrize("tool", ["execsnoop", "funclatency", "profile", "syscount"])
def test_nothing_is_left_behind(headers: str, tool: str) -> None:
    before = bpf_descriptors(), children()
    with Trial(headers) as trial:
        verdict = trial.of(load_catalog()[tool])
        assert children() > before[1]
    assert verdict.state == Verdict.STATE_WORKS, verdict.reason
    assert (bpf_descriptors(), children()) == before


@pytest.mark.kernel
def test_a_refused_tool_leaves_nothing_either(tmp_path: Path) -> None:
    """Without headers nothing that reads the kernel's structures compiles."""
    before = bpf_descriptors(), children()
    with Trial(str(tmp_path)) as trial:
        verdict = trial.of(load_catalog()["execsnoop"])
    assert verdict.state == Verdict.STATE_REFUSED
    assert (bpf_descriptors(), children()) == before
