"""The team shape without a container engine: commands and environment of docker-compose.yml, started by hand."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.stack import AGENT_COMMAND, ROOT, Stack, eventually
from tests.tied import tied


@dataclass
class Team(Stack):
    """web, ingest and one agent as processes of their own; each can be killed and started again alone."""

    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    minted: str = ""
    policy: Path = ROOT / "packaging/policy.toml"

    def start(self, seconds: float = 60) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.run_server("migrate")
        self.start_role("web")
        self.start_role("ingest")
        self.url = f"http://localhost:{self.http_port}"
        eventually(self.healthy, seconds, "the web role's answer")
        self.run_server("onetime")
        self.minted = self.run_server("token", "admin").strip().splitlines()[-1]
        self.extra_env |= {"FLEETSCOPE_URL": self.url, "FLEETSCOPE_TOKEN": self.minted}
        self.start_agent()
        eventually(self.agent_online, seconds, "the agent online")

    def token(self) -> str:
        return self.minted

    def run_server(self, *words: str) -> str:
        command = [sys.executable, "-m", "server", *words]
        return subprocess.run(command, cwd=ROOT, env=self.env, check=True, stdout=subprocess.PIPE, text=True).stdout

    def start_role(self, role: str) -> None:
        with (self.data / f"{role}.log").open("ab") as log:
            command = tied([sys.executable, "-m", "server", role])
            self.processes[role] = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)

    def start_agent(self) -> None:
        state = self.data / "agent"
        join = shlex.split(self.api("POST", "/api/hosts/token")["command"])
        join[0] = str(AGENT_COMMAND)
        eventually(lambda: subprocess.run([*join, "--state", str(state)]).returncode == 0, 20, "the agent's join")
        run = [str(AGENT_COMMAND), "run", "--state", str(state), "--policy", str(self.policy)]
        with (self.data / "agent.log").open("ab") as log:
            self.processes["agent"] = subprocess.Popen(
                [*run, "--lifeline"], stdin=subprocess.PIPE, stdout=log, stderr=log
            )

    def healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/health").is_success
        except httpx.TransportError:
            return False

    def agent_online(self) -> bool:
        hosts: list[dict[str, Any]] = self.api("GET", "/api/hosts")
        return any(host["state"] == "online" for host in hosts)

    def stop(self, *_: Any) -> int:
        for process in self.processes.values():
            process.terminate()
        codes = [process.wait(timeout=30) for process in self.processes.values()]
        return max(codes)
