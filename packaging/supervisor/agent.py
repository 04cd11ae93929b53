"""The agent of this machine: its policy, its one join, its command line."""

import json
import os
import shlex
from pathlib import Path
from typing import Any

from supervisor import SupervisorError, say, server
from supervisor.places import BIN, Places
from supervisor.root import run_as_root

AGENT = str(BIN / "fleetscope-agent")

POLICY = """\
# What may be traced on this host, whoever asks. This file was installed by `make run`; your changes to it stay.
remote = "on"
risk = ["S0", "S1", "S2"]

[limits]
budget_percent = 100
"""


def install_policy(places: Places) -> None:
    """Owned by root, like every policy, so that the server's user cannot widen what the agent does."""
    script = 'umask 022; mkdir -p "$1" && { [ -e "$2" ] || cat >"$2"; }'
    run_as_root(
        ["sh", "-c", script, "sh", str(places.agent_state), str(places.policy)],
        what="installing the local agent's policy",
        text=POLICY,
    )


def prepare(places: Places, token: str) -> str:
    """Install the policy; join unless this server knows the agent. Returns the host's id. Raises SupervisorError."""
    install_policy(places)
    identity = _identity(places)
    if identity is not None and not server.knows_host(places, token, identity["host_id"]):
        say("this server does not know the agent in the data folder: joining again")
        _set_aside(places)
        identity = None
    if identity is None:
        identity = _join(places, token)
    elif identity["address"] != str(places.grpc):
        _readdress(places, identity)
    return str(identity["host_id"])


def command(places: Places) -> list[str]:
    state = ["--state", str(places.agent_state), "--policy", str(places.policy)]
    return [AGENT, "run", *state, "--lifeline", "--supervisor", str(os.getpid())]


def _join(places: Places, token: str) -> dict[str, Any]:
    made = server.call(places, "hosts/token", token, method="POST")
    if made is None:
        raise SupervisorError(f"the server made no join token for the local agent (log: {places.log('server')})")
    words = shlex.split(made["command"])
    run_as_root([AGENT, *words[words.index("join") :], "--state", str(places.agent_state)], what="joining")
    identity = _identity(places)
    if identity is None:
        raise SupervisorError(f"the local agent joined but left no {_file(places)}; remove the folder and try again")
    return identity


def _readdress(places: Places, identity: dict[str, Any]) -> None:
    """FLEETSCOPE_GRPC is another one than at the last start."""
    script = 'umask 077; cat >"$1.new" && mv "$1.new" "$1"'
    text = json.dumps({**identity, "address": str(places.grpc)}, indent=2) + "\n"
    run_as_root(["sh", "-c", script, "sh", str(_file(places))], what="telling the local agent its server", text=text)


def _set_aside(places: Places) -> None:
    folder = _file(places).parent
    script = 'rm -rf "$1.old" && mv "$1" "$1.old"'
    run_as_root(["sh", "-c", script, "sh", str(folder)], what="setting the old identity aside")


def _identity(places: Places) -> dict[str, Any] | None:
    """What the agent knows of itself, once it has joined. Only root can read it."""
    script = '[ ! -e "$1" ] || cat "$1"'
    text = run_as_root(["sh", "-c", script, "sh", str(_file(places))], what="reading the local agent's identity")
    return dict(json.loads(text)) if text else None


def _file(places: Places) -> Path:
    return places.agent_state / "identity/server.json"
