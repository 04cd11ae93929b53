"""Debian's kernels for guests: each package is fetched once into var/vm and unpacked, never installed.

`python -m tests.vm.kernels` fetches the one that the tests boot.

The lists of other releases are kept apart from the system's, and come from the mirror that this machine uses itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.stack import ROOT

CACHE = ROOT / "var/vm"
# The kernel of each release of Debian.
RELEASES = {"5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie"}
# Of the first distribution that is supported.
DEFAULT = "6.1"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class FetchError(Exception):
    """One line: what could not be had, why, what to do."""


def vmlinuz(kernel: str = DEFAULT) -> Path:
    """Of 5.10, 6.1 or 6.12; its modules lie in the same folder. Raises FetchError."""
    folder = _unpacked(kernel, kernel, ["linux-image-amd64", "linux-image-"])
    return next(folder.glob("boot/vmlinuz-*"))


def headers(kernel: str = DEFAULT) -> Path:
    """A folder that holds usr/src of the kernel's headers. Raises FetchError."""
    return _unpacked(kernel, f"{kernel}-headers", ["linux-headers-amd64", "linux-headers-", "linux-headers-"])


def _unpacked(kernel: str, name: str, road: Sequence[str]) -> Path:
    """What an empty package leads to: the package it needs whose name begins so, what that one needs, and so on."""
    folder = CACHE / name
    if folder.is_dir():
        return folder
    options = _lists(RELEASES[kernel])
    part = CACHE / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    package = road[0]
    for prefix in road[1:]:
        package = _depends(options, package, prefix)
        _run("apt-get", *options, "download", "-q", package, folder=part)
        (archive,) = part.glob("*.deb")
        _run("dpkg", "-x", archive, part)
        archive.unlink()
    part.rename(folder)
    return folder


def _depends(options: list[str], package: str, prefix: str) -> str:
    listed = _run("apt-cache", *options, "depends", "--important", package)
    for line in listed.splitlines():
        if f"Depends: {prefix}" in line:
            return line.split()[-1]
    raise FetchError(f"{package} depends on no {prefix}*; is {_mirror()} a mirror of Debian?")


def _lists(release: str) -> list[str]:
    """Options that make apt know this release alone, after its lists have been read."""
    state = CACHE / "apt" / release
    for name in ("lists/partial", "cache/archives/partial"):
        (state / name).mkdir(parents=True, exist_ok=True)
    (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {release} main\n")
    (state / "status").touch()
    settings = {
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
    }
    if os.geteuid() == 0:
        settings["APT::Sandbox::User"] = "root"
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    _run("apt-get", *options, "update", "-q")
    return options


def _mirror() -> str:
    """Where this machine gets Debian itself from."""
    wanted = ["indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]
    for line in _run("apt-get", *wanted).splitlines():
        label, _, uri = line.partition(" ")
        if label == "Debian":
            return uri
    raise FetchError("apt knows no mirror of Debian; add one to /etc/apt/sources.list, then: apt-get update")


def _run(*command: object, folder: Path | None = None) -> str:
    words = [*map(str, command)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise FetchError(f"{words[0]} {words[-1]} failed: {last}; check the network and /etc/apt/sources.list")
    return done.stdout


if __name__ == "__main__":
    try:
        vmlinuz()
    except FetchError as error:
        sys.exit(f"E: {error}")
