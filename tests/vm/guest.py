"""Boot a kernel under software emulation on this machine's root file system and run one script in it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.agent.runner.harness import HEADERS_CACHE
from tests.e2e.stack import ROOT

# The guest's own network card: user-mode networking, in which 10.0.2.2 is this machine's loopback.
NETWORK = "-netdev user,id=n0 -device virtio-net-pci,netdev=n0"
# The emulator gives all CPUs one time stamp counter. Kernels cannot know that, and take a clock that costs an exit of
# the emulator whenever somebody asks for the time. Documentation/admin-guide/kernel-parameters.txt: tsc=, mitigations=.
KERNEL = ("tsc=reliable", "mitigations=off")
# Without what makes copying slow: the emulator takes one byte at a time of what processors with ERMS copy best.
PROCESSOR = "-cpu max,-erms,-la57"
# Each channel to the guest otherwise has 31 ports, and each of its queues a descriptor to be polled at every tick.
CHANNELS = "-global virtio-serial-pci.max_ports=2"


def boot(vmlinuz: Path, script: Path, shared: Path, devices: str = "") -> subprocess.Popen[bytes]:
    """Start the guest; `shared` is writable from both sides, `devices` are more options of the emulator.

    It powers off when the script ends.
    """
    binaries = ROOT / ".venv/bin"
    command = [str(binaries / "vng"), "-v", "-r", str(vmlinuz), "--disable-kvm", "--cpus", "2", "--memory", "3G"]
    command += [f"--append={word}" for word in KERNEL]
    command += [f"--qemu-opts={PROCESSOR} {CHANNELS} {NETWORK} {devices}", "--rwdir", str(shared), "--", str(script)]
    env = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
    with (shared / "console.log").open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
        )


BOOTS = 3
# A second way to the same files, one that keeps what it has read: over the guest's own root every import of every run
# would come anew. The new root is a file system of the guest's, because mounts on a kept one get lost.
SHARE = "-virtfs local,path=/,mount_tag=tree,security_model=none,readonly=on"
SCRIPT = """#!/bin/sh
exec > {folder}/out.txt 2>&1
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
modprobe -a loop ext4 virtio_net veth sch_netem
ip link set lo up
tree=/run/tree new=/run/new
mkdir $tree $new
mount -t 9p -o version=9p2000.L,trans=virtio,msize=524288,cache=loose,ro tree $tree
mount -t tmpfs tmpfs $new
for part in bin sbin lib lib64; do cp -P $tree/$part $new/; done
for part in usr etc opt var {root}; do mkdir -p $new/$part; mount --bind $tree/$part $new/$part; done
for part in proc sys dev; do mkdir $new/$part; mount --rbind /$part $new/$part; done
mkdir -p $new/mnt $new/run $new/tmp $new{headers}
mount --bind {folder} $new/mnt
mount --bind {folder}/headers $new{headers}
exec chroot $new sh -c 'cd {root} && exec {command}'
"""


def run(vmlinuz: Path, command: str, shared: Path, seconds: float) -> None:
    """One command in the tree as the guest sees it, with `shared` as /mnt, to its end.

    What it prints lies in `shared`: out.txt, and what the kernel and the machine say in console.log. A kernel that dies
    while it boots is booted again: the emulator sometimes runs an instruction that the kernel is just replacing. Raises
    subprocess.TimeoutExpired.
    """
    (shared / "headers").mkdir(exist_ok=True)
    (shared / "out.txt").unlink(missing_ok=True)
    script = shared / "script.sh"
    script.write_text(SCRIPT.format(folder=shared, root=ROOT, headers=HEADERS_CACHE, command=command))
    script.chmod(0o755)
    for _ in range(BOOTS):
        _wait(boot(vmlinuz, script, shared, SHARE), seconds)
        if (shared / "out.txt").exists():
            return


def _wait(running: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        running.wait(seconds)
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(30)
