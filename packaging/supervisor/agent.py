"""The agent of this machine: its policy, its one join, its command line."""

import json
import shlex

from supervisor import SupervisorError, server
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
    """Install the policy and join, each once. Returns the host's id. Raises SupervisorError."""
    install_policy(places)
    if _identity(places) is None:
        _join(places, token)
    identity = _identity(places)
    if identity is None:
        raise SupervisorError(
            f"the local agent joined but left no identity in {places.agent_state}; remove it, try again"
        )
    return identity


def command(places: Places) -> list[str]:
    state = ["--state", str(places.agent_state), "--policy", str(places.policy)]
    return [AGENT, "run", *state, "--lifeline"]


def _join(places: Places, token: str) -> None:
    made = server.call(places, "hosts/token", token, method="POST")
    if made is None:
        raise SupervisorError("the server made no join token for the local agent; see its log")
    words = shlex.split(made["command"])
    run_as_root(
        [AGENT, *words[words.index("join") :], "--state", str(places.agent_state)], what="joining the local agent"
    )


def _identity(places: Places) -> str | None:
    """The host's id, once it has joined. Only root can see it."""
    file = places.agent_state / "identity/server.json"
    text = run_as_root(["sh", "-c", '[ ! -e "$1" ] || cat "$1"', "sh", str(file)], what="reading the agent's identity")
    return str(json.loads(text)["host_id"]) if text else None
