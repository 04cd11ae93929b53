"""Where the agent keeps things on a host."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_STATE = Path("/var/lib/fleetscope")
DEFAULT_POLICY = Path("/etc/fleetscope/policy.toml")
RUNS = "runs"
SPOOL = "spool"


@dataclass(frozen=True, slots=True)
class AgentPaths:
    """The state folder's layout. Everything in it is written by root; link only reads spools."""

    state: Path
    policy: Path

    @property
    def identity(self) -> Path:
        return self.state / "identity"

    @property
    def runs(self) -> Path:
        return self.state / RUNS

    @property
    def audit(self) -> Path:
        return self.state / "audit.log"

    @property
    def cache(self) -> Path:
        return self.state / "cache"

    @property
    def seen_ids(self) -> Path:
        return self.state / "seen-runs"

    @property
    def kept_keys(self) -> Path:
        """Data keys of runs whose rows are encrypted."""
        return self.state / "kept-keys"

    @property
    def switch(self) -> Path:
        return self.state / "switched-off.json"

    @property
    def witness(self) -> Path:
        """The head of the server's audit that this host holds."""
        return self.state / "witness.json"

    @property
    def anchoring(self) -> Path:
        """Asks the warden to take the server's next head whatever it is."""
        return self.state / "re-anchor.json"

    @property
    def status_socket(self) -> Path:
        return self.state / "status.sock"

    @property
    def lock(self) -> Path:
        return self.state / "lock"
