"""Kernels on which a kind of program is known to do harm."""

from __future__ import annotations

import re

# BPF_PRIV_STACK_MIN_SIZE of kernel/bpf/verifier.c: programs with less use the kernel's own stack.
PRIVATE_STACK_MIN = 64
_SAFE = ("none", "voluntary")
_FIRST = (6, 13)
_BOOT = "boot it with preempt=none or preempt=voluntary"


def user_function_hazard(release: str, preemption: str, stack: int) -> str:
    """Why a program with so many bytes of stack must not be put on user functions; empty: it may.

    Since Linux 6.13 such a program gets a stack of its own for each CPU, on the assumption that it cannot be preempted;
    at user functions it can be since 6.0, and then two share one: OpenTelemetry eBPF Instrumentation, issue 3056. A
    kernel of which that is not known counts as one where it can.
    """
    if preemption in _SAFE or stack < PRIVATE_STACK_MIN or _version(release) < _FIRST:
        return ""
    return (
        f"could crash this kernel: on Linux {release} with preemption {preemption} two programs of {stack} bytes of "
        f"stack may share one at a user function (opentelemetry-ebpf-instrumentation issue 3056); {_remedy(preemption)}"
    )


def _remedy(preemption: str) -> str:
    if preemption in ("full", "lazy"):
        return _BOOT
    return f"mount debugfs on /sys/kernel/debug so that /sys/kernel/debug/sched/preempt tells the mode, or {_BOOT}"


def _version(release: str) -> tuple[int, int]:
    """What cannot be read counts as a new one."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found else _FIRST
