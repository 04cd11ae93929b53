"""Build build/fleetscope-agent_VERSION_ARCH.deb: the agent with its Python packages, as .venv has them."""

import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from provision import BUILD, ROOT
from provision.venv import requirements

HERE = ROOT / "packaging"
HOME = Path("usr/lib/fleetscope")
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
PROGRAM = '#!/bin/sh\nexec /usr/lib/fleetscope/venv/bin/python -I -m agent.cli "$@"\n'
# Of packages: not needed to run, and most of their size.
LEFT_OUT = ("__pycache__", "tests", "include")


def main() -> int:
    root = BUILD / "deb"
    shutil.rmtree(root, ignore_errors=True)
    stage_code(root / HOME)
    stage_packages(root / HOME / "venv")
    stage_system_files(root)
    print(build(root, stage_control(root)).relative_to(ROOT))
    return 0


def stage_code(home: Path) -> None:
    for package in ("agent", "bpf", "proto"):
        ignore = shutil.ignore_patterns("__pycache__", "test_*", "_template", "*.pyi")
        shutil.copytree(ROOT / package, home / package, ignore=ignore)


def stage_packages(venv: Path) -> None:
    """An environment like .venv: the distribution's Python, its bcc, and our pinned packages."""
    site = venv / "lib" / PYTHON / "site-packages"
    site.mkdir(parents=True)
    (venv / "bin").mkdir()
    (venv / "bin/python").symlink_to("/usr/bin/python3")
    version = ".".join(map(str, sys.version_info[:3]))
    (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = true\nversion = {version}\n")
    (site / "fleetscope.pth").write_text("../../../..\n")
    for name in closure(requirements(["agent"])):
        _copy_distribution(name, site)


def closure(names: list[str]) -> set[str]:
    """These distributions and all they need; what is not installed here was not needed for this Python."""
    found: set[str] = set()
    queue = [_base(name) for name in names]
    while queue:
        name = queue.pop()
        if name in found:
            continue
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        queue += [_base(line) for line in needed if "extra ==" not in line]
    return found


def stage_system_files(root: Path) -> None:
    _install(root / "usr/bin/fleetscope-agent", PROGRAM, 0o755)
    unit = (HERE / "systemd/fleetscope-agent.service").read_text()
    _install(root / "lib/systemd/system/fleetscope-agent.service", unit, 0o644)
    _install(root / "etc/fleetscope/policy.toml", (HERE / "policy.toml").read_text(), 0o644)
    guide = (ROOT / "docs/how-to/host-policy.md").read_text()
    _install(root / "usr/share/doc/fleetscope-agent/host-policy.md", guide, 0o644)


def stage_control(root: Path) -> str:
    """The package's file name."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    major, minor = sys.version_info[:2]
    values = {
        "VERSION": version,
        "ARCHITECTURE": architecture,
        "PYTHON": f"{major}.{minor}",
        "NEXT_PYTHON": f"{major}.{minor + 1}",
    }
    for source in (HERE / "debian").iterdir():
        text = source.read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        _install(root / "DEBIAN" / source.name, text, 0o755 if text.startswith("#!") else 0o644)
    return f"fleetscope-agent_{version}_{architecture}.deb"


def build(root: Path, name: str) -> Path:
    target = BUILD / name
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z6", "--build", str(root), str(target)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return target


def _copy_distribution(name: str, site: Path) -> None:
    for file in metadata.files(name) or []:
        if ".." in file.parts or any(part in LEFT_OUT for part in file.parts):
            continue
        target = site / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file.locate(), target)


def _install(target: Path, text: str, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    target.chmod(mode)


def _base(requirement: str) -> str:
    """ "psycopg[binary]>=3; python_version>'3'" is about psycopg."""
    for end, char in enumerate(requirement):
        if not (char.isalnum() or char in "-_."):
            return requirement[:end].lower()
    return requirement.lower()


if __name__ == "__main__":
    sys.exit(main())
