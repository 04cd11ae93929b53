"""Missing kernel file systems appear for the agent alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import os
from agent.kernel.mounts import ensure_mounts
outer = os.readlink("/proc/self/ns/mnt")
mounted = ensure_mounts()
assert "/sys/kernel/tracing" in mounted, mounted
assert os.path.exists("/sys/kernel/tracing/events/raw_syscalls/sys_enter/format")
assert os.readlink("/proc/self/ns/mnt") != outer
assert os.path.ismount("/sys/kernel/tracing")
"""


@pytest.mark.kernel
def test_mounts_appear_in_a_namespace_of_the_agent() -> None:
    script = 'umount -R /sys/kernel/tracing; "$@"; echo "after:$(ls /sys/kernel/tracing | wc -l)"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert "after:0" in done.stdout


@pytest.mark.kernel
def test_a_host_that_has_everything_is_left_alone() -> None:
    code = """
import os
from agent.kernel.mounts import ensure_mounts
ensure_mounts()
inner = os.readlink("/proc/self/ns/mnt")
assert ensure_mounts() == []
assert os.readlink("/proc/self/ns/mnt") == inner
"""
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_refusal_names_the_mount_and_the_cause() -> None:
    code = "from agent.kernel.mounts import ensure_mounts; ensure_mounts()"
    script = 'umount -R /sys/kernel/tracing; exec setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "cannot make a mount namespace: Operation not permitted; the agent needs root" in done.stderr
