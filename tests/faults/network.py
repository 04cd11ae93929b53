"""A host on a cable of its own: its agent lives in a network namespace, and the cable can be cut, lossy or slow."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.stack import AGENT_COMMAND, ROOT, Stack, eventually
from tests.faults.counted import PATIENCE
from tests.tied import tied

POLICY = """\
remote = "on"
risk = ["S0", "S1", "S2"]

[limits]
budget_percent = 100
"""
_NUMBER = os.getpid() % 16_000  # two runs of these tests on one machine do not meet
HERE, THERE = (f"10.240.{_NUMBER // 64}.{_NUMBER % 64 * 4 + side}" for side in (1, 2))


class Cable:
    """A veth pair into a namespace. What is wrong with it is wrong in silence: both ends stay up."""

    def __init__(self) -> None:
        self.name = f"fleetscope-{os.getpid()}"
        here, there = f"fsh{os.getpid()}", f"fst{os.getpid()}"
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
        _run("ip", "addr", "add", f"{HERE}/30", "dev", here)
        _run("ip", "link", "set", here, "up")
        _run("ip", "-n", self.name, "addr", "add", f"{THERE}/30", "dev", there)
        _run("ip", "-n", self.name, "link", "set", there, "up")

    @property
    def enter(self) -> list[str]:
        """Before a command that runs on the other side. `ip netns exec` would hide the file system of BPF."""
        return ["nsenter", f"--net=/run/netns/{self.name}"]

    @contextmanager
    def cut(self) -> Iterator[None]:
        with self._filtered("drop"):
            yield

    @contextmanager
    def losing(self, percent: int) -> Iterator[None]:
        """Of the packets in both directions."""
        with self._filtered(f"numgen random mod 100 < {percent} drop"):
            yield

    @contextmanager
    def _filtered(self, rule: str) -> Iterator[None]:
        chains = "".join(
            f"chain {hook} {{ type filter hook {hook} priority 0; {rule}; }}\n" for hook in ("input", "output")
        )
        self._nft(f"table inet fault {{\n{chains}}}")
        try:
            yield
        finally:
            self._nft("delete table inet fault")

    def _nft(self, text: str) -> None:
        subprocess.run([*self.enter, "nft", "-f", "-"], input=text, text=True, check=True)

    def remove(self) -> None:
        _run("ip", "netns", "del", self.name)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


@dataclass
class ServerAlone(Stack):
    """A server without a host. ``grpc_host``: where hosts will reach it; it listens on ``listen``."""

    grpc_host: str = HERE
    listen: str = "0.0.0.0"
    server: subprocess.Popen[bytes] | None = None
    minted: str = ""

    def start(self, seconds: float = PATIENCE) -> None:
        self.extra_env = {
            "FLEETSCOPE_GRPC": f"{self.grpc_host}:{self.grpc_port}",
            "FLEETSCOPE_GRPC_LISTEN": f"{self.listen}:{self.grpc_port}",
        }
        self.data.mkdir(parents=True)
        self.start_server(seconds)
        self.minted = self._server("token", "admin").stdout.split()[-1]
        self.extra_env |= {"FLEETSCOPE_URL": self.url, "FLEETSCOPE_TOKEN": self.minted}

    def start_server(self, seconds: float = PATIENCE) -> None:
        with (self.data / "server.log").open("ab") as log:
            command = [sys.executable, "-m", "server", "run"]
            self.server = subprocess.Popen(tied(command), cwd=ROOT, env=self.env, stdout=log, stderr=log)
        self.url = f"http://localhost:{self.http_port}"
        eventually(lambda: self._server("onetime", check=False).returncode == 0, seconds, "the server's database")
        eventually(lambda: self.tried(lambda: self.api("GET", "/api/health", token="-")), seconds, "the server")

    def join_words(self) -> list[str]:
        """``join ADDRESS --token ...`` of the command that a person would copy."""
        return shlex.split(self.api("POST", "/api/hosts/token")["command"])[1:]

    def token(self) -> str:
        return self.minted

    def stop(self, *_: Any) -> int:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(timeout=30)
        return 0

    def _server(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server", *words]
        return subprocess.run(command, cwd=ROOT, env=self.env, check=check, capture_output=True, text=True)


@dataclass
class Apart(ServerAlone):
    """A server here and an agent at the other end of the cable. ``process`` is the agent's warden."""

    cable: Cable = field(default_factory=Cable)

    def start(self, seconds: float = 90) -> None:
        super().start()
        self._start_agent()
        self.wait_online(seconds)

    def _start_agent(self) -> None:
        self.state.mkdir()
        (self.state / "policy.toml").write_text(POLICY)
        _run(*self.cable.enter, str(AGENT_COMMAND), *self.join_words(), "--name", "apart", "--state", str(self.state))
        options = ["--state", str(self.state), "--policy", str(self.state / "policy.toml"), "--lifeline"]
        with (self.data / "agent.log").open("ab") as log:
            command = [*self.cable.enter, str(AGENT_COMMAND), "run", *options]
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True)

    @property
    def state(self) -> Path:
        return self.data / "agent"

    def host_state(self) -> str:
        (host,) = self.api("GET", "/api/hosts")
        return str(host["state"])

    def connected_since(self) -> str | None:
        """None while it is away; each connection has its own."""
        (host,) = self.api("GET", "/api/hosts")
        return str(host["since"]) if host["state"] == "online" else None

    def status(self) -> str:
        """What the agent tells the people on its own machine."""
        command = [str(AGENT_COMMAND), "status", "--state", str(self.state)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def stop(self, *_: Any) -> int:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
        super().stop()
        self.cable.remove()
        return 0
