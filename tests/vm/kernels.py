"""Debian's kernels as guests: each package is fetched once into var/vm and unpacked, never installed.

The lists of other releases are kept apart from the system's, and come from the mirror that this machine uses itself.
"""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

from tests.e2e.stack import ROOT

CACHE = ROOT / "var/vm"
# The kernel of each release of Debian.
RELEASES = {"5.10": "bullseye", "6.1": "bookworm", "6.12": "trixie"}


def current() -> Path:
    """The vmlinuz of this distribution's own kernel."""
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    return vmlinuz(next(kernel for kernel, release in RELEASES.items() if release == codename))


def vmlinuz(kernel: str) -> Path:
    """Of 5.10, 6.1 or 6.12."""
    folder = CACHE / kernel
    if not list(folder.glob("boot/vmlinuz-*")):
        _unpack(kernel, folder)
    return next(folder.glob("boot/vmlinuz-*"))


def headers(kernel: str = "6.1") -> Path:
    """A folder that holds usr/src of the kernel's headers."""
    folder = CACHE / f"{kernel}-headers"
    if not list(folder.glob("usr/src/*")):
        options = _lists(RELEASES[kernel])
        package = _depends(options, "linux-headers-amd64", "linux-headers-")
        for name in (package, _depends(options, package, "linux-headers-")):
            _fetch(options, name, folder)
    return folder


def _unpack(kernel: str, folder: Path) -> None:
    options = _lists(RELEASES[kernel])
    _fetch(options, _depends(options, "linux-image-amd64", "linux-image-"), folder)


def _depends(options: list[str], package: str, prefix: str) -> str:
    """The first package that this one needs whose name begins so."""
    listed = _run("apt-cache", *options, "depends", "--important", package)
    return next(line.split()[-1] for line in listed.splitlines() if f"Depends: {prefix}" in line)


def _fetch(options: list[str], package: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _run("apt-get", *options, "download", "-q", package, folder=folder)
    (archive,) = folder.glob(f"{package}_*.deb")
    _run("dpkg", "-x", archive, folder)
    archive.unlink()


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
        "APT::Sandbox::User": "root",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    _run("apt-get", *options, "update", "-q")
    return options


KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def _mirror() -> str:
    """Where this machine gets Debian itself from."""
    wanted = ["indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]
    lines = [line.split() for line in _run("apt-get", *wanted).splitlines()]
    return next(uri for label, uri in lines if label == "Debian")


def _run(*command: object, folder: Path | None = None) -> str:
    words = [*map(str, command)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr.strip()[-500:]}"
    return done.stdout
