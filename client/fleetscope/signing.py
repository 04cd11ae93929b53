"""Signing what will run, with OpenSSH: the private key stays with it, in a file, an agent or a hardware token."""

import subprocess
from pathlib import Path

from fleetscope.errors import FleetscopeError

NAMESPACE = "fleetscope-consent-v1"


def sign(specification: str, key: Path) -> str:
    """The armoured signature of exactly these bytes; asks for the key's passphrase. Raises FleetscopeError."""
    command = ["ssh-keygen", "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key.expanduser())]
    try:
        done = subprocess.run(command, input=specification.encode(), stdout=subprocess.PIPE, check=False)
    except FileNotFoundError as error:
        raise FleetscopeError("there is no ssh-keygen; install OpenSSH's client (openssh-client)") from error
    if done.returncode != 0:
        raise FleetscopeError(f"ssh-keygen could not sign with {key}; is it an ssh-ed25519 key that you may read?")
    return done.stdout.decode()


def checked(specification: str) -> str:
    """The same text, if a terminal shows it as it is. Raises FleetscopeError."""
    if not all(char == "\n" or " " <= char <= "~" for char in specification):
        raise FleetscopeError("the server sent something to sign that is no plain text; do not sign it")
    return specification
