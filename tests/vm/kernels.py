"""Debian's kernels as guests: the package is fetched once into var/vm and unpacked, never installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.stack import ROOT

CACHE = ROOT / "var/vm"


def current() -> Path:
    """The vmlinuz of this distribution's own kernel."""
    depends = subprocess.run(
        ["apt-cache", "depends", "--important", "linux-image-amd64"], check=True, capture_output=True, text=True
    ).stdout
    package = next(line.split()[-1] for line in depends.splitlines() if "Depends: linux-image-" in line)
    return fetch(package)


def fetch(package: str) -> Path:
    """The vmlinuz of a linux-image package that apt knows."""
    unpacked = CACHE / package
    if not list(unpacked.glob("boot/vmlinuz-*")):
        unpacked.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", package], cwd=CACHE, check=True)
        (archive,) = CACHE.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "-x", archive, unpacked], check=True)
        archive.unlink()
    return next(unpacked.glob("boot/vmlinuz-*"))
