"""One whole Fleetscope, started the way `make run` starts it, in a data folder and on ports of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.tied import tied

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / ".venv/bin/fleetscope"
AGENT_COMMAND = ROOT / ".venv/bin/fleetscope-agent"
READY = re.compile(r"^ready\s+(?P<url>http\S+).*one-time password (?P<password>\S+)")

T = TypeVar("T")
UNSIGNED = ["[approvals]", "needed = 0", ""]  # the host's owner waives the signatures of people


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(check: Callable[[], T | None], seconds: float = 10, what: str = "") -> T:
    """Poll until the check is true, return what it gave; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline, f"{seconds} s passed without: {what or check}; last: {value!r}"
        time.sleep(0.05)


@dataclass
class Stack:
    """A running server with its local agent. `home` is where the command keeps its login."""

    data: Path
    home: Path
    extra_env: dict[str, str] = field(default_factory=dict)
    http_port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)
    url: str = ""
    password: str = ""
    hiring: str = ""
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def env(self) -> dict[str, str]:
        ours = {
            "HOME": str(self.home),
            "FLEETSCOPE_DATA": str(self.data),
            "FLEETSCOPE_HTTP": f"localhost:{self.http_port}",
            "FLEETSCOPE_GRPC": f"localhost:{self.grpc_port}",
        }
        return {**os.environ, **ours, **self.extra_env}

    def start(self, seconds: float = 90) -> None:
        self.process = subprocess.Popen(
            tied([sys.executable, "packaging/supervise.py"]),
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        eventually(lambda: self.url or not self._alive(), seconds, "the ready line")
        assert self.url, "\n".join(self.lines)

    def _alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip())
            if match := READY.match(line):
                self.password, self.url = match["password"], match["url"]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        if self._alive():
            self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        self.url = ""
        return code

    def command(
        self, *args: str, check: bool = True, env: dict[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the `fleetscope` command as the person who started the stack."""
        done = subprocess.run(
            [str(COMMAND), *args], env={**self.env, **(env or {})}, capture_output=True, timeout=timeout, check=False
        )
        assert not check or done.returncode == 0, (
            f"fleetscope {' '.join(args)}: {done.returncode}\n{done.stderr.decode()}"
        )
        return done

    def json(self, *args: str) -> Any:
        return json.loads(self.command(*args, "--output", "json").stdout)

    def spawn(self, *args: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([str(COMMAND), *args], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def detach(self, *args: str) -> str:
        """Start a session, wait until every run of it is attached, return its id."""
        budget = (
            [] if "--budget" in args else ["--budget", "100%"]
        )  # other work on this machine must not end a test's run
        session = str(self.json("start", *args, *budget, "--detach")["session"])
        self.wait_state(session, "attached", 60)
        return session

    def session(self, session: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api("GET", f"/api/sessions/{session}")
        return found

    def wait_state(self, session: str, state: str, seconds: float = 20) -> dict[str, Any]:
        """Wait until all runs are in the state; a run that ended early fails the wait with its reason."""

        def reached() -> dict[str, Any] | None:
            seen = self.session(session)
            states = {run["state"] for run in seen["runs"]}
            assert state == "ended" or not states & {"ended", "refused"}, seen["runs"]
            return seen if states <= {state, "refused"} else None

        return eventually(reached, seconds, f"session {session} {state}")

    def wait_online(self, seconds: float = 40) -> None:
        """Wait until the server answers and its hosts are online, whatever was restarted before."""
        eventually(lambda: self.tried(self._online), seconds, "the server's answer with every host online")

    def wait_ended(self, session: str, seconds: float = 40) -> dict[str, Any]:
        """Wait for a session's end; the server may be restarting meanwhile."""

        def ended() -> dict[str, Any] | None:
            seen = self.tried(lambda: self.session(session))
            return seen if seen and seen["state"] == "ended" else None

        return eventually(ended, seconds, f"the end of session {session}")

    def _online(self) -> bool:
        return all(host["state"] == "online" for host in self.api("GET", "/api/hosts"))

    def tried(self, ask: Callable[[], T]) -> T | None:
        """None while the server does not answer, or not yet as it should."""
        import httpx

        try:
            return ask()
        except (httpx.TransportError, AssertionError):
            return None

    def token(self) -> str:
        config = json.loads((self.home / ".config/fleetscope/config.json").read_text())
        return _find_token(config)

    def people_token(self) -> str:
        """With which people and grants are made; from the server's own command line."""
        if not self.hiring:
            command = [sys.executable, "-m", "server", "token", "admin", "--name", "people", "--scope", "people"]
            self.hiring = subprocess.check_output(command, cwd=ROOT, env=self.env, text=True).strip()
        return self.hiring

    def api(self, method: str, path: str, body: Any = None, token: str | None = None, status: int | None = None) -> Any:
        import httpx

        people = method != "GET" and path.startswith(("/api/users", "/api/teams", "/api/grants"))
        headers = {"Authorization": f"Bearer {token or (self.people_token() if people else self.token())}"}
        reply = httpx.request(method, self.url + path, json=body, headers=headers, timeout=30)
        assert reply.status_code == status if status else reply.is_success, f"{reply.status_code} {reply.text}"
        return reply.json() if reply.content else None


@contextmanager
def own_stack(folder: Path, extra_env: dict[str, str] | None = None) -> Iterator[Stack]:
    """Started in the folder, stopped at the end whatever happened to it meanwhile."""
    (folder / "home").mkdir(exist_ok=True)
    running = Stack(data=folder / "var", home=folder / "home", extra_env=extra_env or {})
    try:
        running.start()
        yield running
    finally:
        running.stop()


def _find_token(value: Any) -> str:
    """The one token in the stored login, wherever the file keeps it."""
    if isinstance(value, dict):
        if isinstance(value.get("token"), str):
            return str(value["token"])
        found = [token for child in value.values() if (token := _find_token(child))]
        return found[-1] if found else ""
    return ""


@contextmanager
def plaintext_allowed(stack: Stack) -> Iterator[None]:
    """The host's owner allows S3, and the server has heard of it."""
    policy = stack.data / "agent/policy.toml"
    before = policy.read_text()
    rest = [line for line in before.splitlines() if not line.startswith("risk")]
    policy.write_text("\n".join(['risk = ["S0", "S1", "S2", "S3"]', *rest, *UNSIGNED]))
    try:
        eventually(lambda: not _forbids_plaintext(stack), 60, "the host's word that it allows plaintext")
        yield
    finally:
        policy.write_text(before)
        eventually(lambda: _forbids_plaintext(stack), 60, "the host's word that it allows no plaintext")


@contextmanager
def numbers_allowed(stack: Stack, entry: str) -> Iterator[None]:
    """The host's owner lets anybody who may trace read numbers of these calls, and the server has heard of it."""
    policy = stack.data / "agent/policy.toml"
    before = policy.read_text()
    policy.write_text(f"{before}\n[numbers]\nallow = [{json.dumps(entry)}]\n")
    try:
        eventually(lambda: _numbers(stack) == [entry], 60, "the host's word that it has listed a call")
        yield
    finally:
        policy.write_text(before)
        eventually(lambda: _numbers(stack) == [], 60, "the host's word that it has listed none")


def _numbers(stack: Stack) -> list[str]:
    return list(stack.api("GET", "/api/hosts")[0]["numbers"])


def _forbids_plaintext(stack: Stack) -> bool:
    return bool(stack.api("GET", "/api/hosts")[0]["verdicts"].get("sslsniff", {}).get("state") == "forbidden")
