"""The server of this machine: one-shot commands, and whether it answers."""

import json
import subprocess
import urllib.error
import urllib.request
from typing import Any

from supervisor import SupervisorError
from supervisor.places import PYTHON, ROOT, Places


def command(*words: str) -> list[str]:
    return [str(PYTHON), "-m", "server", *words]


def ask(*words: str) -> str:
    """One line from a one-shot command. Raises SupervisorError."""
    done = subprocess.run(command(*words), capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise SupervisorError(f"python -m server {words[0]}: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done.stdout.strip()


def call(places: Places, path: str, token: str | None = None, *, method: str = "GET") -> Any:
    """The API's JSON answer; None when the server does not answer or says no."""
    request = urllib.request.Request(f"{places.local_url}/api/{path}", method=method)  # noqa: S310 - our own address
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return json.loads(response.read())
    except (OSError, ValueError, urllib.error.URLError):
        return None


def knows_host(places: Places, token: str, host_id: str) -> bool:
    return any(host["id"] == host_id for host in call(places, "hosts", token) or [])


def host_is_online(places: Places, token: str, host_id: str) -> bool:
    hosts = call(places, "hosts", token) or []
    return any(host["id"] == host_id and host["state"] == "online" for host in hosts)
