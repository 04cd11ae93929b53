"""A second person and the keys of both, with a policy of the local host that knows them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.e2e.stack import AGENT_COMMAND, Stack, eventually

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Pair:
    """``ask`` is the key of the stack's own admin, ``agree`` of bob, whose API token is ``token``."""

    ask: Path
    agree: Path
    token: str

    @property
    def as_bob(self) -> dict[str, str]:
        return {"FLEETSCOPE_TOKEN": self.token}


def make_key(folder: Path, name: str) -> Path:
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
    return path


def pair(stack: Stack, folder: Path) -> Pair:
    """bob exists afterwards, as an approver."""
    if not any(user["username"] == "bob" for user in stack.api("GET", "/api/users")):
        stack.api("POST", "/api/users", {"username": "bob", "role": "approver", "password": PASSWORD})
    body = {"username": "bob", "password": PASSWORD, "name": "tests"}
    made = httpx.post(f"{stack.url}/api/auth/token", json=body, timeout=30)
    return Pair(make_key(folder, "ask"), make_key(folder, "agree"), str(json.loads(made.content)["token"]))


@contextmanager
def signatures_wanted(stack: Stack, lines: str) -> Iterator[None]:
    """The host allows plaintext that two people signed, and the server has heard of it."""
    policy = stack.data / "agent/policy.toml"
    before = policy.read_text()
    rest = [line for line in before.splitlines() if not line.startswith("risk")]
    policy.write_text("\n".join(['risk = ["S0", "S1", "S2", "S3"]', *rest, lines]))
    try:
        eventually(lambda: _wanted(stack, "works"), 240, "the host's word that it allows plaintext")
        yield
    finally:
        policy.write_text(before)
        eventually(lambda: _wanted(stack, "forbidden"), 60, "the host's word that it allows no plaintext")


def host_says(stack: Stack, *words: str) -> str:
    done = subprocess.run(
        [AGENT_COMMAND, *words, "--state", stack.data / "agent"], check=True, capture_output=True, text=True
    )
    return done.stdout


def people(keys: Pair) -> str:
    """Of the policy, with the pair's keys."""
    names = {"admin": keys.ask, "bob": keys.agree}
    tables = [
        f'[people.{name}]\nkeys = ["{key.with_suffix(".pub").read_text().strip()}"]' for name, key in names.items()
    ]
    return "\n".join(["[approvals]", "needed = 1", *tables, ""])


def _wanted(stack: Stack, state: str) -> bool:
    host = stack.api("GET", "/api/hosts")[0]
    return str(host["verdicts"].get("sslsniff", {}).get("state", "")) == state and host["approvals_needed"] == (
        state == "works"
    )
