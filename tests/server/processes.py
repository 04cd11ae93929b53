"""The server's commands as processes of their own, with a data folder and ports of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.services import free_port
from tests.tied import tied

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30


@dataclass
class Server:
    """`extra` are variables beside those that keep it apart from every other server."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    http: int = field(default_factory=free_port)
    grpc: int = field(default_factory=free_port)

    @property
    def env(self) -> dict[str, str]:
        own = {
            "FLEETSCOPE_DATA": str(self.folder),
            "FLEETSCOPE_HTTP": f"localhost:{self.http}",
            "FLEETSCOPE_GRPC": f"localhost:{self.grpc}",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLEETSCOPE", "DJANGO"))}
        return {**kept, **own, **self.extra}

    def command(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, input=text, capture_output=True, text=True, timeout=SECONDS
        )

    @contextmanager
    def running(self, role: str = "run", limits: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
        """Ended by SIGTERM at the end of the block, in time and without an error. ``limits``: for `prlimit`."""
        command = [*(("prlimit", *limits) if limits else ()), sys.executable, "-m", "server", role]
        with (self.folder / f"{role}.log").open("ab") as log:
            process = subprocess.Popen(tied(command), cwd=ROOT, env=self.env, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            try:
                assert process.wait(10) == 0, self.log(role)
            finally:
                process.kill()

    def wait_healthy(self) -> None:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                assert self.get("/api/health") == {"ok": True}
                return
            except OSError:
                assert time.monotonic() < deadline, self.log("run")
                time.sleep(0.1)

    def get(self, path: str, token: str = "") -> Any:
        return self._call(path, token, None)

    def post(self, path: str, token: str, body: object) -> Any:
        return self._call(path, token, json.dumps(body).encode())

    def log(self, role: str) -> str:
        return (self.folder / f"{role}.log").read_text()

    def _call(self, path: str, token: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(f"http://localhost:{self.http}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)
