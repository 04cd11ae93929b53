"""Debian packages: what is missing is installed, nothing is upgraded or removed."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from provision import SetupError
from provision.steps import run_logged, run_step, say

RUN = ("python3-bpfcc", "python3-venv", "ca-certificates")
TEST = (
    "bpfcc-tools", "bpftool", "chromium", "curl", "e2fsprogs", "fio", "g++", "gcc", "gnutls-bin", "iproute2",
    "libc6-dev", "libssl-dev", "nftables", "nginx-light", "openssl", "postgresql", "procps", "redis-server", "strace",
    "stress-ng", "sudo", "systemd", "systemtap-sdt-dev", "tmux",
)  # fmt: skip
TEST_VM = ("busybox-static", "kmod", "qemu-system-x86")
BENCH = ("bpftrace", "linux-perf")
POLICY_RC_D = Path("/usr/sbin/policy-rc.d")


def install_missing(packages: Sequence[str]) -> None:
    """Raises SetupError when one cannot be installed, or when root is needed and cannot be had."""
    wanted = missing(packages)
    if not wanted:
        return
    if shutil.which("apt-get") is None:
        raise SetupError(f"apt-get not found, so {', '.join(wanted)} cannot be installed; use Debian 12")
    root = as_root("install Debian packages")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say("reading the package lists")
    updated = run_logged([*root, "apt-get", "update", "-q"], title="apt-get update", env=env) == 0
    hint = "" if updated else "apt-get update failed too: check /etc/apt/sources.list and the network; "
    with _no_service_starts(root):
        run_step(
            f"installing {' '.join(wanted)}",
            [*root, *_INSTALL, *wanted],
            fix=f"{hint}try: apt-get update && apt-get install {' '.join(wanted)}",
            env=env,
        )


def missing(packages: Sequence[str]) -> list[str]:
    if shutil.which("dpkg-query") is None:
        return list(packages)
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    installed = {line.split()[0] for line in query.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def as_root(purpose: str) -> list[str]:
    """Prefix that makes a command run as root. Asks for the password of sudo when it needs one."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        raise SetupError(f"root is needed to {purpose} and sudo is not installed; run this as root")
    if subprocess.run(["sudo", "-v"], check=False).returncode != 0:
        raise SetupError(f"root is needed to {purpose} and sudo refused; run this as root")
    return ["sudo", "-n"]


_INSTALL = (
    "env", "DEBIAN_FRONTEND=noninteractive",
    "apt-get", "install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120",
)  # fmt: skip


@contextmanager
def _no_service_starts(root: Sequence[str]) -> Iterator[None]:
    """Debian starts a service when it installs one; nothing here wants a PostgreSQL or nginx that runs by itself."""
    if POLICY_RC_D.exists():
        yield
        return
    script = f"printf '#!/bin/sh\\nexit 101\\n' >{POLICY_RC_D} && chmod 755 {POLICY_RC_D}"
    subprocess.run([*root, "sh", "-c", script], check=True)
    try:
        yield
    finally:
        subprocess.run([*root, "rm", "-f", str(POLICY_RC_D)], check=True)
