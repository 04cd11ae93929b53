"""fio and stress-ng, told to do counted things."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.disk import loop_disk
from tests.real_programs.tracing import tracing
from tests.workloads.memory_group import memory_group

pytestmark = pytest.mark.kernel

REQUESTS = 1009
FORKS = 101
MIB = 1024 * 1024


def fio(device: Path) -> int:
    """How many reads fio says it made."""
    words = ["fio", "--name=reads", f"--filename={device}", "--rw=randread", "--bs=4k", "--direct=1", "--thread"]
    words += ["--ioengine=psync", f"--number_ios={REQUESTS}", "--io_size=1g", "--output-format=json"]
    said = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return int(said["jobs"][0]["read"]["total_ios"])


def test_every_read_of_fio_is_a_request(tmp_path: Path) -> None:
    with loop_disk(tmp_path) as (device, _), tracing("biosnoop", Filters(comm="fio")) as seen:
        made = fio(device)
    rows = [row for row in seen.rows if row["disk"].decode() == device.name]
    assert made == REQUESTS
    assert sum(row["bytes"] for row in rows) == REQUESTS * 4096
    assert len(rows) == REQUESTS


def test_the_histogram_holds_every_read(tmp_path: Path) -> None:
    with loop_disk(tmp_path) as (device, _), tracing("biolatency", Filters(comm="fio"), {"by": "disk"}) as seen:
        made = fio(device)
    rows = [row for row in seen.rows if row["disk"].decode() == device.name]
    assert sum(row["requests"] for row in rows) == made == REQUESTS


def test_every_fork_of_stress_ng_ends() -> None:
    with tracing("exitsnoop", Filters(comm="stress-ng-fork")) as seen:
        words = ["stress-ng", "--fork", "1", "--fork-ops", str(FORKS), "--fork-max", "1"]
        subprocess.run(words, check=True, capture_output=True)
    rows = seen.rows
    parents = {row["ppid"] for row in rows if row["age"]}
    worker = max(parents, key=lambda ppid: sum(row["ppid"] == ppid for row in rows))
    assert sum(row["ppid"] == worker for row in rows) == FORKS


def test_a_group_that_runs_out_of_memory_loses_stress_ng() -> None:
    with memory_group(64 * MIB) as procs, tracing("oomkill", Filters(comm="stress-ng-vm")) as seen:
        command = f"echo $$ > {procs}; exec stress-ng --vm 1 --vm-bytes 256M --vm-keep --oomable --timeout 60"
        subprocess.run(["sh", "-c", command], check=False, capture_output=True, timeout=120)
    rows = seen.rows
    assert rows
    assert {row["vcomm"] for row in rows} == {b"stress-ng-vm"}
