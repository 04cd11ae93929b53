"""One host: a state folder with an identity, and the real agent on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from agent import identity
from agent.config import AgentPaths
from agent.warden import child, status
from proto.v1.agent_pb2 import Envelope, RunUpdate
from tests.agent.support.commands import run_id_of
from tests.agent.support.server import FleetServer
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
# What a host learns of itself at its first start takes seconds and is the same for all tests.
CACHE = Path(tempfile.gettempdir()) / "fleetscope-test-cache"
POLICY = "[limits]\nbudget_percent = 100\n"


class AgentHost:
    """``with AgentHost(tmp_path, server) as host``: the agent is connected when the body begins."""

    def __init__(self, folder: Path, server: FleetServer, policy: str = POLICY) -> None:
        self.paths = AgentPaths(folder / "state", folder / "policy.toml")
        self.server = server
        self.identity = server.authority.identity(server.address)
        self.log = folder / "agent.log"
        self.root = ROOT
        self.paths.state.mkdir(mode=0o750)
        CACHE.mkdir(mode=0o700, exist_ok=True)
        self.paths.cache.symlink_to(CACHE)
        identity.save(self.paths.identity, self.identity)
        self.write_policy(policy)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> AgentHost:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def write_policy(self, text: str) -> None:
        self.paths.policy.write_text(text)
        self.paths.policy.chmod(0o644)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "agent.cli", *words, "--state", str(self.paths.state)]

    def launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command("run"), "--policy", str(self.paths.policy), "--lifeline"],
                cwd=self.root,
                env={**os.environ, "PYTHONPATH": str(self.root)},
                stdin=subprocess.PIPE,
                stderr=log,
                stdout=log,
            )
        return self.process

    def start(self) -> None:
        before = self.server.connections
        process = self.launch()
        wait_for(lambda: self.server.connections > before or process.poll() is not None, 20, "the agent's connection")
        assert process.poll() is None, self.tail()

    def tail(self) -> str:
        return self.log.read_text()[-3000:] if self.log.exists() else ""

    def stop(self) -> int:
        """Orderly; the exit code."""
        if self.process is None:
            return 0
        if self.process.stdin:
            self.process.stdin.close()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            self.process = None

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def status(self) -> dict[str, Any]:
        return status.ask(self.paths.status_socket)

    def begin(self, start: Envelope) -> bytes:
        """Send the start and wait until the run is attached."""
        self.server.begin(start)
        run_id = run_id_of(start)
        self.server.wait_for_state(run_id, RunUpdate.STATE_ATTACHED, 40)
        return run_id

    def runner(self, run_id: bytes) -> int:
        """Pid of a live run's runner."""
        return next(int(run["pid"]) for run in self.status()["runs"] if run["run"] == run_id.hex())

    def audit(self) -> list[dict[str, Any]]:
        """But for the first head of the server's audit."""
        lines = [json.loads(line) for line in self.paths.audit.read_text().splitlines()]
        return [line for line in lines if line["event"] != "head"]


def kill_nine(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def is_gone(pid: int) -> bool:
    try:
        return not child.is_alive(child.mark(pid))
    except OSError:
        return True
