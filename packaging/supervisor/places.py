"""Where this Fleetscope listens and keeps its files, and that nobody else does."""

import fcntl
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from server import env as server_env
from supervisor import SupervisorError

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv/bin"
PYTHON = BIN / "python"


@dataclass(frozen=True, slots=True)
class Places:
    data: Path
    url: str
    http_listen: server_env.Address
    grpc: server_env.Address
    grpc_listen: server_env.Address

    @property
    def local_url(self) -> str:
        """From this machine, whatever stands between `url` and here."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.http_listen.host, self.http_listen.host)  # noqa: S104
        return f"http://{server_env.Address(host, self.http_listen.port)}"

    @property
    def agent_state(self) -> Path:
        return self.data / "agent"

    @property
    def policy(self) -> Path:
        return self.agent_state / "policy.toml"

    def log(self, name: str) -> Path:
        return self.data / "log" / f"{name}.log"


def read_places() -> Places:
    """Raises SupervisorError naming the variable of the environment that cannot be used."""
    try:
        env = server_env.read()
    except server_env.EnvError as error:
        raise SupervisorError(str(error)) from error
    return Places(env.data.parent, env.origin, env.http_listen, env.grpc, env.grpc_listen)


def claim(places: Places) -> IO[str]:
    """Make the data folder and lock it until the returned file is closed. Raises SupervisorError."""
    try:
        (places.data / "log").mkdir(parents=True, exist_ok=True)
        lock = (places.data / "supervisor.lock").open("a")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SupervisorError(
            f"{places.data} is in use by another `make run`; set FLEETSCOPE_DATA to run a second"
        ) from error
    except OSError as error:
        raise SupervisorError(
            f"cannot write to {places.data}: {error.strerror}; set FLEETSCOPE_DATA elsewhere"
        ) from error
    return lock


def check_ports(places: Places) -> None:
    """Raises SupervisorError when one is taken, before anything is started."""
    for variable, (host, port) in (("FLEETSCOPE_HTTP", places.http_listen), ("FLEETSCOPE_GRPC", places.grpc_listen)):
        try:
            _try_to_listen(host, port)
        except OSError as error:
            raise SupervisorError(
                f"cannot listen on {host}:{port}: {error.strerror}; stop what uses it or set {variable}=HOST:PORT"
            ) from error


def _try_to_listen(host: str, port: int) -> None:
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            probe = socket.socket(family, kind, protocol)
        except OSError:
            continue  # no IPv6 on this machine
        with probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
