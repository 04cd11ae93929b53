"""Kernels on which a kind of program is known to do harm."""

from __future__ import annotations

import re

# BPF_PRIV_STACK_MIN_SIZE of kernel/bpf/verifier.c: programs with less use the kernel's own stack.
PRIVATE_STACK_MIN = 64
_PREEMPTIBLE = ("full", "lazy")


def user_function_hazard(release: str, preemption: str, stack: int) -> str:
    """Why a program with so many bytes of stack must not be put on user functions; empty: it may.

    Since Linux 6.13 such a program gets a stack of its own for each CPU, on the assumption that it cannot be preempted;
    at user functions it can be since 6.0, and then two share one: OpenTelemetry eBPF Instrumentation, issue 3056.
    """
    if preemption not in _PREEMPTIBLE or stack < PRIVATE_STACK_MIN or _version(release) < (6, 13):
        return ""
    return (
        f"could crash this kernel: on Linux {release} with preemption {preemption} two programs of {stack} bytes of "
        "stack may share one at a user function (opentelemetry-ebpf-instrumentation issue 3056); boot it with "
        "preempt=none or preempt=voluntary"
    )


def _version(release: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found else (0, 0)
