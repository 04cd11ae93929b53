"""The tree's own Python environment, made from the distribution's Python so that its python3-bpfcc is importable."""

import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from provision import ROOT, VENV, SetupError
from provision.stamps import Stamp, digest
from provision.steps import run_step

SYSTEM_PYTHON = "/usr/bin/python3"
PYTHON = VENV / "bin/python"
CONSTRAINTS = ROOT / "packaging/constraints.txt"
RUN_GROUPS = ("agent", "server", "client")
COMMANDS = {"fleetscope": "fleetscope", "fleetscope-agent": "agent.cli"}


def make_venv(groups: Sequence[str]) -> None:
    """Create or complete .venv with the pinned packages of these groups. Raises SetupError."""
    if not _usable():
        _create()
    wanted = requirements(groups)
    stamp = Stamp(VENV / f".fleetscope-{'-'.join(groups)}", digest(CONSTRAINTS, _python_version(), *wanted))
    if not stamp.fresh():
        install(wanted)
        stamp.write()
    _link_tree()


def requirements(groups: Sequence[str]) -> list[str]:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return sorted({name for group in groups for name in table[group]})


def install(packages: Sequence[str], *options: str) -> None:
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-c", str(CONSTRAINTS)]
    run_step(
        f"installing {len(packages)} Python packages" if len(packages) > 1 else f"installing {packages[0]}",
        [*pip, *options, *packages],
        fix="check the network and pip's settings (pip config list)",
    )


def _usable() -> bool:
    """A .venv of this place (environments cannot be moved) and of the distribution's Python as it is now."""
    config = VENV / "pyvenv.cfg"
    if not config.is_file() or not PYTHON.exists():
        return False
    lines = dict(line.split(" = ", 1) for line in config.read_text().splitlines() if " = " in line)
    return (
        lines.get("home") == str(Path(SYSTEM_PYTHON).parent)
        and lines.get("include-system-site-packages") == "true"
        and lines.get("version", "").startswith(f"{_python_version()}.")
        and lines.get("command", "").endswith(str(VENV))
    )


def _create() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    run_step(
        "creating .venv",
        [SYSTEM_PYTHON, "-m", "venv", "--system-site-packages", str(VENV)],
        fix="is python3-venv installed?",
    )


def _link_tree() -> None:
    """Make the tree importable in .venv and put its commands into .venv/bin."""
    (_site_packages() / "fleetscope-tree.pth").write_text(f"{ROOT}\n{ROOT / 'client'}\n")
    for name, module in COMMANDS.items():
        script = VENV / "bin" / name
        # sh, not a #! line with the path of Python: that breaks at blanks and at 255 bytes. -I: root runs the agent's.
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PYTHON))} -I -m {module} "$@"\n')
        script.chmod(0o755)


def _python_version() -> str:
    """As far as compiled packages care."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _site_packages() -> Path:
    return VENV / "lib" / f"python{_python_version()}" / "site-packages"


def require_bcc() -> None:
    check = subprocess.run([str(PYTHON), "-I", "-c", "import bcc"], capture_output=True, text=True, check=False)
    if check.returncode != 0:
        raise SetupError(f"Python cannot import bcc: {check.stderr.strip().splitlines()[-1]}; reinstall python3-bpfcc")
