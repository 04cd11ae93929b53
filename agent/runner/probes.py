"""Attaches loaded programs. Every attachment is a descriptor: it ends when the descriptor is closed, also by death."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bcc import lib

from agent.runner.compiler import AttachError

_PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
_BPF = {"x86_64": 321, "aarch64": 280}
_BPF_LINK_CREATE = 28
_BPF_PERF_EVENT = 41
_PERF_FLAG_FD_CLOEXEC = 8
_ATTR_SIZE = 128
_UPROBE_PMU = Path("/sys/bus/event_source/devices/uprobe")
_PERF_TYPE_SOFTWARE = 1
_PERF_COUNT_SW_CPU_CLOCK = 0

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class UserProbe:
    """A place in a program or library. ``cookie`` is what bpf_get_attach_cookie() gives in the probe."""

    path: str
    offset: int
    cookie: int
    at_return: bool


def attach_tracepoint(program: int, target: str) -> int:
    category, event = target.split(":")
    return _attached(lib.bpf_attach_tracepoint(program, category.encode(), event.encode()), f"tracepoint {target}")


def attach_raw_tracepoint(program: int, target: str) -> int:
    return _attached(lib.bpf_attach_raw_tracepoint(program, target.encode()), f"raw tracepoint {target}")


def attach_kprobe(program: int, target: str, *, at_return: bool) -> int:
    name = f"fs_{'r' if at_return else 'p'}_{target}_{os.getpid()}".encode()
    found = lib.bpf_attach_kprobe(program, int(at_return), name, target.encode(), 0, 0)
    return _attached(found, f"kernel function {target}")


def attach_timer(program: int, frequency: int) -> Iterator[int]:
    """On every CPU that is on, ``frequency`` times a second."""
    for cpu in online_cpus():
        found = lib.bpf_attach_perf_event(
            program, _PERF_TYPE_SOFTWARE, _PERF_COUNT_SW_CPU_CLOCK, ctypes.c_uint64(0), ctypes.c_uint64(frequency),
            -1, cpu, -1,
        )  # fmt: skip
        yield _attached(found, f"timer on CPU {cpu}")


def attach_uprobe(program: int, probe: UserProbe, pid: int) -> Iterator[int]:
    """Two descriptors: the perf event and the link that gives the cookie. pid -1: every process that maps the file."""
    what = f"{probe.path}+{probe.offset:#x}"
    event = _attached(_open_uprobe(probe, pid), what)
    yield event
    attributes = struct.pack("=IIIIQ", program, event, _BPF_PERF_EVENT, 0, probe.cookie)
    buffer = ctypes.create_string_buffer(attributes, 64)
    yield _attached(_libc.syscall(_BPF[os.uname().machine], _BPF_LINK_CREATE, buffer, len(buffer)), what)


def online_cpus() -> list[int]:
    cpus: list[int] = []
    for part in Path("/sys/devices/system/cpu/online").read_text().strip().split(","):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    return cpus


def _open_uprobe(probe: UserProbe, pid: int) -> int:
    """perf_event_open(2) on the uprobe device: nothing is written to tracefs, so nothing can stay behind."""
    path = ctypes.create_string_buffer(os.fsencode(probe.path))
    attr = ctypes.create_string_buffer(_ATTR_SIZE)
    return_bit = int((_UPROBE_PMU / "format/retprobe").read_text().strip().removeprefix("config:"))
    kind = int((_UPROBE_PMU / "type").read_text())
    struct.pack_into("=IIQ", attr, 0, kind, _ATTR_SIZE, int(probe.at_return) << return_bit)
    struct.pack_into("=QQ", attr, 56, ctypes.addressof(path), probe.offset)  # config1: path, config2: offset
    cpu = -1 if pid > 0 else 0
    number = _PERF_EVENT_OPEN[os.uname().machine]
    return int(_libc.syscall(number, attr, pid, cpu, -1, ctypes.c_ulong(_PERF_FLAG_FD_CLOEXEC)))


def _attached(descriptor: int, what: str) -> int:
    if descriptor < 0:
        error = ctypes.get_errno()
        raise AttachError(f"cannot attach to {what}: {os.strerror(error) if error else 'the kernel has no such probe'}")
    return descriptor
