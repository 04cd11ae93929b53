"""The whole warden: starts once, ends orderly, keeps its link running, and is small."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from agent import VERSION
from agent.warden.meters import process_cpu_ns
from proto.v1.agent_pb2 import Filters, RunLimits, Verdict
from proto.v1.stream_pb2 import EndCause
from tests.agent.support.commands import envelope
from tests.agent.support.host import ROOT, AgentHost, is_gone, kill_nine
from tests.agent.support.server import FleetServer
from tests.e2e.processes import bpf_objects, loaded
from tests.waiting import wait_for
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


def test_hello_tells_the_host_and_verdicts_follow(host: AgentHost) -> None:
    hello = host.server.messages[0].hello
    assert hello.facts.kernel_release == os.uname().release
    assert {verdict.tool for verdict in hello.verdicts} >= {"opensnoop"}

    def verdict() -> bool:
        told = [*hello.verdicts, *(message.verdict for message in host.server.messages)]
        return any(one.tool == "opensnoop" and one.state == Verdict.STATE_WORKS for one in told)

    wait_for(verdict, 90, "opensnoop's verdict")


def test_a_second_agent_on_the_same_folder_is_refused(host: AgentHost) -> None:
    other = subprocess.run(
        [*host.command("run"), "--policy", str(host.paths.policy)], capture_output=True, text=True, cwd=ROOT
    )
    assert other.returncode == 1
    assert other.stderr.strip().endswith("stop it first or give --state DIR")


@pytest.mark.parametrize("how", ["lifeline", "SIGTERM"])
def test_it_ends_orderly_within_five_seconds_and_closes_its_runs(host: AgentHost, how: str) -> None:
    with workload("open_paths.py", 100_000, 2000, "/nonexistent/orderly-") as busy:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
        busy.go()
        wait_for(lambda: host.server.frames.get(run_id), 10, "rows")
        objects, link = bpf_objects(host.runner(run_id)), host.status()["link_pid"]
        began = time.monotonic()
        process = host.process
        assert process is not None and objects <= loaded()
        if how == "SIGTERM":
            process.send_signal(signal.SIGTERM)
            code = process.wait(10)
        else:
            code = host.stop()
        took = time.monotonic() - began
    assert code == 0 and took < 5
    wait_for(lambda: not objects & loaded(), 1, "the kernel freed the BPF objects")
    assert is_gone(link)
    end = host.server.wait_for_end(run_id, 1).head
    assert end.end.cause == EndCause.END_CAUSE_AGENT_STOPPED and end.end.ledger_known
    assert not host.paths.status_socket.exists()


def test_without_its_server_it_keeps_what_it_spooled(host: AgentHost, server: FleetServer) -> None:
    with workload("open_paths.py", 100_000, 2000, "/nonexistent/kept-") as busy:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
        server.stop()
        busy.go()
        wait_for(lambda: host.status()["runs"][0]["stored"] > 1000, 10, "spooled rows")
        assert host.stop() == 0
        server.restart()
        host.start()
    end = server.wait_for_end(run_id, 20).head
    assert end.ledger.stored == sum(one.head.hits for one in server.frames[run_id]) > 1000


def test_a_killed_link_is_replaced_and_no_row_is_lost(host: AgentHost) -> None:
    with workload("open_paths.py", 10_007, 4000, "/nonexistent/killed-link-") as busy:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
        busy.go()
        for _ in range(3):
            before = host.server.connections
            kill_nine(host.status()["link_pid"])
            wait_for(partial(_more_connections, host, before), 5, "a new link's connection")
        end = host.server.wait_for_end(run_id, 30).head
    assert end.end.cause == EndCause.END_CAUSE_TARGET_EXITED
    frames = host.server.frames[run_id]
    assert sum(one.head.rows for one in frames) == end.ledger.seen >= 10_007
    assert not end.ledger.lost
    assert "the link ended (signal SIGKILL); starting it again" in host.tail()


def test_a_run_whose_server_is_gone_ends_by_the_hosts_own_clock_and_leaves_nothing(host: AgentHost) -> None:
    with workload("open_paths.py", 100_000, 2000, "/nonexistent/alone-") as busy:
        start = envelope(host.identity.host_id, filters=Filters(pid=busy.pid), limits=RunLimits(duration_ms=3000))
        objects = bpf_objects(host.runner(host.begin(start)))
        assert objects <= loaded()
        host.server.stop()
        busy.go()
        wait_for(lambda: not objects & loaded(), 20, "the kernel freed the BPF objects")
        wait_for(lambda: not host.status()["runs"], 5, "no live run")
        assert host.audit()[-1]["cause"] == "duration"
        assert busy.process.poll() is None


def test_an_update_ends_its_runs_and_nothing_of_the_old_agent_is_left(tmp_path: Path, server: FleetServer) -> None:
    old = AgentHost(tmp_path, server)
    old.root = clone_to(tmp_path / "old")
    version = old.root / "agent/__init__.py"
    version.write_text(version.read_text().replace(VERSION, "0.0.1"))
    with old, workload("open_paths.py", 100_000, 2000, "/nonexistent/updated-") as busy:
        run_id = old.begin(envelope(old.identity.host_id, filters=Filters(pid=busy.pid)))
        busy.go()
        wait_for(lambda: server.frames.get(run_id), 10, "rows")
        objects, link = bpf_objects(old.runner(run_id)), old.status()["link_pid"]
        assert objects <= loaded()
        assert old.stop() == 0
        old.root = ROOT
        old.start()
        assert [message.hello.agent_version for message in server.messages if message.HasField("hello")] == [
            "0.0.1",
            VERSION,
        ]
        wait_for(lambda: not objects & loaded(), 5, "the kernel freed the BPF objects")
        assert is_gone(link) and not old.status()["runs"]
        end = server.wait_for_end(run_id).head
    assert end.end.cause == EndCause.END_CAUSE_AGENT_STOPPED and end.end.ledger_known
    assert end.ledger.seen == end.ledger.stored + sum(lost.events for lost in end.ledger.lost)


def clone_to(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for package in ("agent", "bpf", "proto"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_it_runs_from_a_clone_that_other_users_cannot_read(tmp_path: Path, server: FleetServer) -> None:
    clone = clone_to(tmp_path / "private/clone")
    (tmp_path / "private").chmod(0o700)
    host = AgentHost(clone, server)
    host.root = clone
    with host:
        with workload("open_paths.py", 100, 1000, "/nonexistent/private-") as busy:
            run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
            busy.go()
            end = server.wait_for_end(run_id, 20).head
        assert end.ledger.stored >= 100
        maps = Path(f"/proc/{host.status()['link_pid']}/cmdline").read_bytes()
        assert b"agent.link" in maps
        loaded_from = subprocess.run(
            [sys.executable, "-c", "import agent; print(agent.__file__)"],
            cwd=clone, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(clone)},
        )  # fmt: skip
        assert str(clone) in loaded_from.stdout


def test_at_rest_warden_and_link_cost_next_to_nothing(host: AgentHost) -> None:
    wait_for(lambda: not _helpers(host), 120, "the end of the survey")
    pids = [host.status()["pid"], host.status()["link_pid"]]
    began, before = time.monotonic(), sum(process_cpu_ns(pid) for pid in pids)
    time.sleep(5)
    percent = (sum(process_cpu_ns(pid) for pid in pids) - before) / (time.monotonic() - began) / 1e7
    memory = sum(_proportional_bytes(pid) for pid in pids) >> 20
    assert percent < 1, f"{percent:.2f}% of a CPU"
    assert memory <= 60, f"{memory} MB"


def _more_connections(host: AgentHost, before: int) -> bool:
    return host.server.connections > before


def _helpers(host: AgentHost) -> list[str]:
    children = Path(f"/proc/{host.status()['pid']}/task/{host.status()['pid']}/children").read_text().split()
    return [pid for pid in children if int(pid) != host.status()["link_pid"]]


def _proportional_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
