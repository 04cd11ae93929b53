"""Facts agree with what the system's own commands say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agent.kernel.facts import host_facts, preemption


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_facts_are_this_hosts() -> None:
    facts = host_facts()
    assert facts.kernel_release == output("uname", "-r")
    assert facts.architecture == output("uname", "-m")
    assert facts.host_name == output("uname", "-n")
    assert facts.cpus == int(output("nproc", "--all"))
    assert facts.btf == Path("/sys/kernel/btf/vmlinux").exists()
    assert abs(facts.boot_ns / 1e9 - float(Path("/proc/uptime").read_text().split()[0])) < 5
    assert facts.bcc_version.startswith("0.")
    assert facts.memory_bytes > 2**28


@pytest.mark.parametrize(
    ("command_line", "config", "expected"),
    [
        ("ro preempt=voluntary quiet", "CONFIG_PREEMPT=y\nCONFIG_PREEMPT_DYNAMIC=y\n", "voluntary"),
        ("preempt=none preempt=full", "CONFIG_PREEMPT_NONE=y\nCONFIG_PREEMPT_DYNAMIC=y\n", "full"),
        ("preempt=never", "CONFIG_PREEMPT=y\nCONFIG_PREEMPT_DYNAMIC=y\n", "full"),
        ("preempt=none", "CONFIG_PREEMPT=y\n", "full"),
        ("preempt=none", "", "unknown"),
        ("ro quiet", "CONFIG_PREEMPT_NONE=y\nCONFIG_PREEMPT_DYNAMIC=y\n", "none"),
        ("ro quiet", "CONFIG_PREEMPT=y\n", "full"),
        ("", "", "unknown"),
    ],
)
def test_preemption_where_the_switch_cannot_be_read(
    tmp_path: Path, command_line: str, config: str, expected: str
) -> None:
    assert preemption(tmp_path / "absent", command_line, config) == expected


def test_preemption_prefers_the_live_switch(tmp_path: Path) -> None:
    switch = tmp_path / "preempt"
    switch.write_text("none voluntary (full) lazy\n")
    assert preemption(switch, "preempt=none", "") == "full"
