"""A host with another kernel joins and is traced: the same tool, the same count, whatever the kernel."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import AGENT_COMMAND, ROOT, Stack, eventually
from tests.vm import kernels
from tests.vm.guest import boot

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]  # emulation is slow

COUNT = 1009

SCRIPT = """#!/bin/sh
exec > {shared}/out.txt 2>&1
set -ex
cd {root}
mount -t tmpfs tmpfs /mnt
modprobe virtio_net
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
uname -r > {shared}/kernel
.venv/bin/python -m tests.vm.relay {port} &
sleep 1
{join} --name guest --state /mnt/agent
( until [ -e {shared}/go ]; do sleep 0.2; done; echo go ) |
  .venv/bin/python -S tests/workloads/open_paths.py {count} 200 /nonexistent/in-guest- > {shared}/pid &
{agent} run --state /mnt/agent --policy {shared}/policy.toml &
wait
"""


@pytest.fixture(scope="module")
def guest(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder shared with a guest whose agent has joined."""
    shared = tmp_path_factory.mktemp("guest")
    join = shlex.split(str(stack.json("hosts", "token")["command"]))
    join[0] = str(AGENT_COMMAND)
    policy = (ROOT / "packaging/policy.toml").read_text()
    # Emulation makes everything dear; the default would end the run.
    (shared / "policy.toml").write_text(policy.replace("budget_percent = 10", "budget_percent = 100"))
    script = shared / "script.sh"
    values = {"shared": shared, "root": ROOT, "port": stack.grpc_port, "count": COUNT, "agent": AGENT_COMMAND}
    script.write_text(SCRIPT.format(join=shlex.join(join), **values))
    script.chmod(0o755)
    running = boot(kernels.vmlinuz(), script, shared)
    try:
        eventually(lambda: host(stack) or running.poll() is not None, 240, "the guest online")
        assert host(stack), (shared / "out.txt").read_text() if (shared / "out.txt").exists() else "no output"
        yield shared
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(timeout=30)


def host(stack: Stack) -> dict[str, object] | None:
    found = [host for host in stack.api("GET", "/api/hosts") if host["name"] == "guest" and host["state"] == "online"]
    return found[0] if found else None


def test_a_guest_with_another_kernel_is_traced_exactly(stack: Stack, guest: Path) -> None:
    here = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=True).stdout.strip()
    assert (guest / "kernel").read_text().strip() != here
    pid = int((guest / "pid").read_text())
    start = ["start", "opensnoop", "--host", "guest", "--pid", str(pid), "--duration", "600s", "--budget", "100%"]
    session = str(stack.json(*start, "--detach")["session"])
    stack.wait_state(session, "attached", 400)
    (guest / "go").write_text("go\n")
    ended = stack.wait_state(session, "ended", 300)["runs"][0]
    assert ended["end"]["cause"] == "target_exited", ended
    lines = stack.command("export", session, "--format", "ndjson", "-o", "-").stdout.splitlines()
    rows = [row for row in map(json.loads, lines) if "in-guest-" in row["path"]]
    assert len({row["path"] for row in rows}) == len(rows) == COUNT
    assert {row["host"] for row in rows} == {"guest"}
