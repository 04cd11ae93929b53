"""Prices are measured once for a host and read back until it changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.kernel.calibrate import prices
from proto.v1 import tool_pb2 as pb

MEASURED = {
    pb.PROBE_TYPE_TRACEPOINT, pb.PROBE_TYPE_RAW_TRACEPOINT, pb.PROBE_TYPE_UPROBE, pb.PROBE_TYPE_URETPROBE,
    pb.PROBE_TYPE_USDT, pb.PROBE_TYPE_UPROBE_EMULATED, pb.PROBE_TYPE_PERF_TIMER,
}  # fmt: skip


@pytest.mark.kernel
def test_a_trap_costs_more_than_a_tracepoint(headers: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent.kernel.calibrate", "--cache", str(tmp_path), "--headers", headers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = {pb.ProbeType.Value(name): price for name, price in json.loads(done.stdout).items()}
    assert set(found) == MEASURED
    assert 1 < found[pb.PROBE_TYPE_TRACEPOINT] < 5_000
    assert 1 < found[pb.PROBE_TYPE_RAW_TRACEPOINT] < 5_000
    assert found[pb.PROBE_TYPE_TRACEPOINT] < found[pb.PROBE_TYPE_UPROBE] < 100_000


def test_prices_are_read_back_without_measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = {pb.PROBE_TYPE_UPROBE: 1234}
    monkeypatch.setattr("agent.kernel.measure.measure", lambda headers: measured)
    assert prices("", tmp_path) == measured
    monkeypatch.setattr("agent.kernel.measure.measure", lambda headers: {})
    assert prices("", tmp_path) == measured


@pytest.mark.parametrize("content", ["", "[]", '{"host": "another", "prices": {}}', '{"host": 1}'])
def test_prices_of_another_host_are_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "prices.json").write_text(content)
    monkeypatch.setattr("agent.kernel.measure.measure", lambda headers: {pb.PROBE_TYPE_UPROBE: 5})
    assert prices("", tmp_path) == {pb.PROBE_TYPE_UPROBE: 5}
