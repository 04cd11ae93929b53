"""Starts, refusals and stops on one host, with the real agent between a real server and the kernel."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proto.v1.agent_pb2 import Filters, RunUpdate
from proto.v1.stream_pb2 import EndCause
from tests.agent.support.commands import envelope, run_id_of, sign
from tests.agent.support.host import AgentHost
from tests.agent.support.server import FleetServer
from tests.waiting import wait_for
from tests.workloads.spawn import workload

pytestmark = pytest.mark.kernel


def _refused(host: AgentHost, before: int = 0) -> str:
    reasons = wait_for(lambda: host.server.refusals()[before:], 10, "a refusal")
    assert host.status()["runs"] == []
    assert not list(host.paths.runs.iterdir())
    return reasons[0]


def _send(host: AgentHost, **changes: object) -> bytes:
    start = envelope(host.identity.host_id, **changes)  # type: ignore[arg-type]
    host.server.begin(start)
    return run_id_of(start)


def test_an_envelope_of_another_signer_starts_nothing_and_is_on_record(host: AgentHost) -> None:
    host.server.begin(sign(envelope(host.identity.host_id), Ed25519PrivateKey.generate()))
    assert "not signed by the server" in _refused(host)
    assert [entry["event"] for entry in host.audit()] == ["refusal"]


def test_a_start_happens_at_most_once_restarts_included(host: AgentHost) -> None:
    with workload("open_paths.py", 10, 1000, "/nonexistent/once-") as busy:
        start = envelope(host.identity.host_id, filters=Filters(pid=busy.pid))
        run_id = host.begin(start)
        host.server.send(stop={"run_id": run_id, "cause": EndCause.END_CAUSE_STOPPED})
        host.server.wait_for_end(run_id)
        wait_for(lambda: not list(host.paths.runs.iterdir()), 5, "the folder gone")
        signed = host.server.begin(start)
        assert "started on this host before" in _refused(host)
        host.stop()
        host.start()
        before = len(host.server.refusals())
        host.server.send(start=signed)
        assert "started on this host before" in _refused(host, before)


def test_an_audit_log_that_cannot_be_written_loads_nothing(host: AgentHost) -> None:
    host.paths.audit.unlink(missing_ok=True)
    host.paths.audit.mkdir()
    _send(host)
    assert "audit log" in _refused(host)


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ('remote = "off"', 'policy (remote = "off")'),
        ('risk = ["S0", "S1"]', "risk class S2"),
        ('tools = { deny = ["opensnoop"] }', "denies opensnoop"),
        ("remote = yes", "policy cannot be used"),
    ],
)
def test_the_hosts_policy_is_above_the_server(host: AgentHost, policy: str, why: str) -> None:
    host.write_policy(policy)
    _send(host, filters=Filters(pid=2**22 - 5))
    assert why in _refused(host)


def test_the_switch_ends_runs_within_seconds_refuses_new_ones_and_allows_them_again(host: AgentHost) -> None:
    with workload("open_paths.py", 10, 1000, "/nonexistent/switch-") as busy:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
        off = subprocess.run(host.command("off", "--reason", "maintenance"), capture_output=True, text=True, cwd="/")
        assert off.returncode == 0, off.stderr
        end = host.server.wait_for_end(run_id, 5).head.end
        assert end.cause == EndCause.END_CAUSE_SWITCHED_OFF
        assert "maintenance" in end.message
        _send(host)
        assert "switched off on this host" in _refused(host)
        wait_for(
            lambda: (
                host.server.messages[-1].hello.remote_off
                or any(message.hello.remote_off for message in host.server.messages)
            ),
            5,
            "the server hears of it",
        )
        subprocess.run(host.command("on"), check=True, capture_output=True, cwd="/")
        wait_for(lambda: host.status()["off"] == "", 5, "on again")
        host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))


def test_runs_on_one_host_are_capped(host: AgentHost) -> None:
    host.write_policy("[limits]\nruns = 1\n")
    with workload("open_paths.py", 10, 1000, "/nonexistent/cap-") as busy:
        first = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
        _send(host)
        reason = wait_for(host.server.refusals, 10, "a refusal")[0]
        assert "1 runs are live on this host and its policy allows no more" in reason
        assert [run["run"] for run in host.status()["runs"]] == [first.hex()]


def test_a_runner_that_takes_too_much_memory_is_ended_and_says_so(tmp_path: Path, server: FleetServer) -> None:
    policy = f"[limits]\nrunner_memory_bytes = {20 << 20}\n"
    with AgentHost(tmp_path, server, policy) as host, workload("open_paths.py", 10, 1000, "/nonexistent/big-") as busy:
        end = server.wait_for_end(_send(host, filters=Filters(pid=busy.pid)), 20).head.end
    assert end.cause == EndCause.END_CAUSE_RUNNER_DIED
    assert "of memory, more than the 20 MB that this host's policy allows" in end.message


def test_a_runner_that_cannot_be_started_is_refused_and_on_record_as_ended(host: AgentHost) -> None:
    host.paths.runs.rmdir()
    host.paths.runs.write_text("no folder")
    _send(host)
    reason = wait_for(host.server.refusals, 10, "a refusal")[0]
    assert "this host cannot start a runner" in reason
    events = [(entry["event"], entry.get("cause")) for entry in host.audit()]
    assert events == [("start", None), ("end", "failed")]


def test_lowered_limits_are_told(host: AgentHost) -> None:
    host.write_policy("[limits]\nduration_seconds = 2\n")
    run_id = _send(host, filters=Filters(pid=2**22 - 5))
    accepted = host.server.wait_for_state(run_id, RunUpdate.STATE_ACCEPTED)
    assert "duration 2 s" in accepted.note


def test_status_says_who_traces_here(host: AgentHost) -> None:
    with workload("open_paths.py", 10, 1000, "/nonexistent/status-") as busy:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
        answer = subprocess.run(host.command("status", "--output", "json"), capture_output=True, text=True, check=True)
        run = json.loads(answer.stdout)["runs"][0]
    assert (run["run"], run["user"], run["tool"]) == (run_id.hex(), "ada", "opensnoop")
    assert run["reason"] == "looking for a slow disk"


def test_a_run_that_the_server_does_not_name_any_more_stops(host: AgentHost) -> None:
    with workload("open_paths.py", 10, 1000, "/nonexistent/unnamed-") as busy:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(pid=busy.pid)))
        host.server.live = lambda hello: []
        host.server.restart()
        wait_for(lambda: not host.status()["runs"], 30, "the end of the run")
    end = host.audit()[-1]
    assert (end["event"], end["cause"], end["run"]) == ("end", "stopped", run_id.hex())
    assert "does not know this run" in end["message"]
