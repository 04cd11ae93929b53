"""What a person should know about this host before tracing it."""

from __future__ import annotations

import os
import platform
import re
import time
from pathlib import Path

from agent.kernel.headers import BTF_PATH, kernel_config
from agent.kernel.libbcc import library_path
from proto.v1.agent_pb2 import HostFacts

_PREEMPT_SWITCH = Path("/sys/kernel/debug/sched/preempt")
# setup_preempt_mode() of kernel/sched/core.c: the last word that it knows counts.
_PREEMPT_WORD = re.compile(r"(?<!\S)preempt=(none|voluntary|full|lazy)(?!\S)")
_PREEMPT_DYNAMIC = "CONFIG_PREEMPT_DYNAMIC=y"
_PREEMPT_CONFIG = {
    "CONFIG_PREEMPT_LAZY": "lazy",
    "CONFIG_PREEMPT": "full",
    "CONFIG_PREEMPT_VOLUNTARY": "voluntary",
    "CONFIG_PREEMPT_NONE": "none",
}


def host_facts() -> HostFacts:
    """Read afresh: clocks and CPU count change while a host is up."""
    return HostFacts(
        host_name=platform.node(),
        kernel_release=os.uname().release,
        distribution=distribution(),
        architecture=os.uname().machine,
        cpus=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        btf=BTF_PATH.exists(),
        kprobes=Path("/sys/bus/event_source/devices/kprobe/type").exists(),
        preemption=preemption(),
        boot_ns=time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        wall_ns=time.time_ns(),
        bcc_version=bcc_version(),
    )


def distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"


def bcc_version() -> str:
    """From the library's file name, because importing bcc costs 100 MB; empty when it is not installed."""
    try:
        return library_path().resolve().name.removeprefix("libbcc.so.")
    except FileNotFoundError:
        return ""


def preemption(switch: Path = _PREEMPT_SWITCH, command_line: str | None = None, config: str | None = None) -> str:
    """none, voluntary, full, lazy or unknown: the kernel's live switch, else its command line, else its build."""
    try:
        if chosen := re.search(r"\((\w+)\)", switch.read_text()):
            return chosen[1]
    except OSError:
        pass
    lines = (kernel_config() if config is None else config).splitlines()
    if _PREEMPT_DYNAMIC in lines:  # others pay no heed to the command line
        words = Path("/proc/cmdline").read_text() if command_line is None else command_line
        if told := _PREEMPT_WORD.findall(words):
            return str(told[-1])
    return next((mode for option, mode in _PREEMPT_CONFIG.items() if f"{option}=y" in lines), "unknown")
