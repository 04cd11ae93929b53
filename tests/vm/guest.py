"""Boot a kernel under software emulation on this machine's root file system and run one script in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.e2e.stack import ROOT

# The guest's own network card: user-mode networking, in which 10.0.2.2 is this machine's loopback.
NETWORK = "-netdev user,id=n0 -device virtio-net-pci,netdev=n0"


def boot(vmlinuz: Path, script: Path, shared: Path, devices: str = "") -> subprocess.Popen[bytes]:
    """Start the guest; `shared` is writable from both sides, `devices` are more options of the emulator.

    It powers off when the script ends.
    """
    binaries = ROOT / ".venv/bin"
    command = [str(binaries / "vng"), "-v", "-r", str(vmlinuz), "--disable-kvm", "--cpus", "2", "--memory", "3G"]
    command += [f"--qemu-opts={NETWORK} {devices}", "--rwdir", str(shared), "--", str(script)]
    env = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
    with (shared / "console.log").open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
        )
