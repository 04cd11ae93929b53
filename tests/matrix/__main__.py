"""`make matrix`: fill the cells that are not current, here and in guests, then write the page.

`python -m tests.matrix [--kernel 6.1] [TOOL...]` fills some of them. It may be stopped and started again at any time.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.agent.runner.harness import HEADERS_CACHE
from tests.e2e.stack import ROOT
from tests.matrix import page, results
from tests.vm import kernels
from tests.vm.guest import boot

GUEST_SECONDS = 3 * 3600
# A second way to the same files, one that keeps what it has read: over the guest's own root every import of every cell
# would come anew. The new root is a file system of the guest's, because mounts on a kept one get lost.
SHARE = "-virtfs local,path=/,mount_tag=tree,security_model=none,readonly=on"
SCRIPT = """#!/bin/sh
exec > {folder}/out.txt 2>&1
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
modprobe -a loop ext4
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
exec chroot $new sh -c 'cd {root} && exec .venv/bin/python -m tests.matrix.fill --guest /mnt/results {commit} {tools}'
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.matrix")
    parser.add_argument("--kernel", choices=["here", *kernels.RELEASES], action="append")
    parser.add_argument("tools", nargs="*")
    options = parser.parse_args()
    complete = True
    for kernel in options.kernel or ["here", *kernels.RELEASES]:
        complete &= _here(options.tools) if kernel == "here" else _guest(kernel, options.tools)
    page.write()
    return 0 if complete else 1


def _commit() -> str:
    """Dirty when more than results differs from it."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    same = ["git", "diff-index", "--quiet", "HEAD", "--", ".", ":!tests/matrix/results", ":!docs/kernels.md"]
    differs = subprocess.run(same, cwd=ROOT, check=False).returncode != 0
    return head.stdout.strip() + ("-dirty" if differs else "")


def _here(tools: list[str]) -> bool:
    command = [sys.executable, "-m", "tests.matrix.fill", str(results.RESULTS), _commit(), *tools]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _guest(kernel: str, tools: list[str]) -> bool:
    """Boots only when there is something to fill."""
    wanted = set(tools) or results.cells().keys()
    if all(results.is_current(results.RESULTS, kernel, name) for name in wanted):
        return True
    folder = ROOT / "var/matrix" / kernel
    (folder / "headers").mkdir(parents=True, exist_ok=True)
    shutil.copytree(results.RESULTS, folder / "results", dirs_exist_ok=True)
    script = folder / "script.sh"
    values = {"folder": folder, "root": ROOT, "commit": _commit(), "headers": HEADERS_CACHE}
    script.write_text(SCRIPT.format(tools=shlex.join(tools), **values))
    script.chmod(0o755)
    try:
        _run_guest(kernels.vmlinuz(kernel), script, folder)
    finally:
        shutil.copytree(folder / "results", results.RESULTS, dirs_exist_ok=True)
    return all(results.is_current(results.RESULTS, kernel, name) for name in wanted)


def _run_guest(vmlinuz: Path, script: Path, folder: Path) -> None:
    """What it prints lies in `folder`: out.txt, and what the kernel and the machine say in console.log."""
    running = boot(vmlinuz, script, folder, SHARE)
    try:
        running.wait(GUEST_SECONDS)
    except BaseException:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(30)
        raise


if __name__ == "__main__":
    sys.exit(main())
