"""Who this host is to its server: made by ``fleetscope-agent join``, written by root, read by warden and link."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from agent.files import write_atomic

KEY, CERTIFICATE, CA, COMMAND_KEY, SERVER = "host.key", "host.crt", "ca.crt", "command.pub", "server.json"


class IdentityError(RuntimeError):
    """The host has no usable identity. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """``command_key`` is the raw Ed25519 public key that signs envelopes; ``address`` is host:port of the server."""

    host_id: str
    host_name: str
    address: str
    labels: dict[str, str]
    key_pem: bytes
    certificate_pem: bytes
    ca_pem: bytes
    command_key: bytes


def save(folder: Path, identity: Identity) -> None:
    """server.json goes last: it is what makes the host count as joined. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_atomic(folder / KEY, identity.key_pem)
    write_atomic(folder / CERTIFICATE, identity.certificate_pem)
    write_atomic(folder / CA, identity.ca_pem)
    write_atomic(folder / COMMAND_KEY, identity.command_key)
    server = {
        "host_id": identity.host_id,
        "host_name": identity.host_name,
        "address": identity.address,
        "labels": identity.labels,
    }
    write_atomic(folder / SERVER, json.dumps(server, indent=2).encode() + b"\n")


def joined(folder: Path) -> bool:
    return (folder / SERVER).exists()


def load(folder: Path) -> Identity:
    """Raises IdentityError."""
    if not joined(folder):
        raise IdentityError(
            f"this host has not joined a fleet ({folder / SERVER} is missing): "
            "get a join command from the Hosts page or `fleetscope hosts token` and run it here"
        )
    try:
        server = json.loads((folder / SERVER).read_bytes())
        return Identity(
            host_id=str(server["host_id"]),
            host_name=str(server["host_name"]),
            address=str(server["address"]),
            labels={str(key): str(value) for key, value in server["labels"].items()},
            key_pem=(folder / KEY).read_bytes(),
            certificate_pem=(folder / CERTIFICATE).read_bytes(),
            ca_pem=(folder / CA).read_bytes(),
            command_key=(folder / COMMAND_KEY).read_bytes(),
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise IdentityError(
            f"the identity in {folder} cannot be read ({error!r}): move the folder away and join again"
        ) from error
