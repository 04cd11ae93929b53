"""Who this host is to its server: made by ``fleetscope-agent join``, renewed by the warden, read by warden and link."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from agent.files import write_atomic

KEY, CERTIFICATE, CA, COMMAND_KEY, SERVER = "host.key", "host.crt", "ca.crt", "command.pub", "server.json"
CREDENTIALS = "credentials-"


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
    trust_generation: int = 0  # of the list that names the authorities in `ca_pem`; 0: the one it joined with


def save(folder: Path, identity: Identity) -> None:
    """server.json goes last: it is what makes the host count as joined, and names the credentials that belong together,
    so a crash leaves the old or the new ones. Raises OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    credentials = folder / f"{CREDENTIALS}{hashlib.sha256(identity.certificate_pem).hexdigest()[:16]}"
    credentials.mkdir(mode=0o700, exist_ok=True)
    write_atomic(credentials / KEY, identity.key_pem)
    write_atomic(credentials / CERTIFICATE, identity.certificate_pem)
    write_atomic(credentials / CA, identity.ca_pem)
    write_atomic(folder / COMMAND_KEY, identity.command_key)
    server = {
        "host_id": identity.host_id,
        "host_name": identity.host_name,
        "address": identity.address,
        "labels": identity.labels,
        "credentials": credentials.name,
        "trust_generation": identity.trust_generation,
    }
    write_atomic(folder / SERVER, json.dumps(server, indent=2).encode() + b"\n")
    _forget_all_but(credentials)


def _forget_all_but(credentials: Path) -> None:
    folder = credentials.parent
    for old in set(folder.glob(f"{CREDENTIALS}*")) - {credentials}:
        shutil.rmtree(old)
    for name in (KEY, CERTIFICATE, CA):  # of a host that joined before certificates were renewed
        (folder / name).unlink(missing_ok=True)


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
        credentials = (
            folder / Path(server.get("credentials", "")).name
        )  # without: joined before certificates were renewed
        return Identity(
            host_id=str(server["host_id"]),
            host_name=str(server["host_name"]),
            address=str(server["address"]),
            labels={str(key): str(value) for key, value in server["labels"].items()},
            key_pem=(credentials / KEY).read_bytes(),
            certificate_pem=(credentials / CERTIFICATE).read_bytes(),
            ca_pem=(credentials / CA).read_bytes(),
            command_key=(folder / COMMAND_KEY).read_bytes(),
            trust_generation=int(server.get("trust_generation", 0)),
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise IdentityError(
            f"the identity in {folder} cannot be read ({error!r}): move the folder away and join again"
        ) from error
