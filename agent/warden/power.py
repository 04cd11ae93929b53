"""Is tracing allowed on this host right now? The policy file and the local switch, both read again when they change."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.config import DEFAULT_POLICY, AgentPaths
from agent.files import sync_folder, write_atomic
from agent.warden.policy import Policy, PolicyError, load_policy

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Switch:
    """Who switched the host off, and why."""

    by: str
    reason: str
    since_wall_ns: int


def switch_off(path: Path, switch: Switch) -> None:
    """Survives restarts. Raises OSError."""
    write_atomic(path, json.dumps(asdict(switch)).encode())


def switch_on(path: Path) -> bool:
    """False when it was on already. Raises OSError."""
    if not path.exists():
        return False
    path.unlink()
    sync_folder(path.parent)
    return True


class Power:
    """A policy that cannot be used refuses every start, and ends no run."""

    def __init__(self, paths: AgentPaths) -> None:
        self._paths = paths
        self._policy_stamp: Stamp = (0, 0, 0)
        self.policy = Policy()
        self._policy_error = ""
        self._switch: Switch | None = None
        self.refresh()

    def refresh(self) -> None:
        """Cheap while nothing changed."""
        stamp = _stamp(self._paths.policy)
        if stamp != self._policy_stamp:
            self._policy_stamp = stamp
            self._load_policy()
        self._switch = _read_switch(self._paths.switch)

    @property
    def off(self) -> bool:
        """Every run must end."""
        return self._switch is not None or not self.policy.remote

    @property
    def off_reason(self) -> str:
        """Why nothing may start; empty: it may."""
        if self._switch is not None:
            why = f": {self._switch.reason}" if self._switch.reason else ""
            return f"tracing is switched off on this host by {self._switch.by}{why}; `fleetscope-agent on` allows it"
        if self._policy_error:
            return f"this host's policy cannot be used: {self._policy_error}"
        return "" if self.policy.remote else 'tracing is switched off by this host\'s policy (remote = "off")'

    def _load_policy(self) -> None:
        try:
            self.policy = load_policy(self._paths.policy, required=self._paths.policy != DEFAULT_POLICY)
            self._policy_error = ""
        except PolicyError as error:
            self._policy_error = str(error)
            log.error("policy refused, so is every start: %s", error)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns, status.st_size


def _read_switch(path: Path) -> Switch | None:
    """A switch that cannot be read counts as off."""
    if not path.exists():
        return None
    try:
        values = json.loads(path.read_bytes())
        return Switch(str(values["by"]), str(values["reason"]), int(values["since_wall_ns"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Switch("somebody", f"{path} cannot be read", 0)
