"""The few bpf(2) commands that a process needs that holds programs and maps but loads none. Standard library only.

Every function raises OSError with the kernel's errno. Numbers and layouts are those of the kernel's ``linux/bpf.h``.
"""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SYSCALL = {"x86_64": 321, "aarch64": 280}
_MAP_LOOKUP_ELEM = 1
_OBJ_GET_INFO_BY_FD = 15
_ENABLE_STATS = 32
_STATS_RUN_TIME = 0
_INFO_SIZE = 232  # of struct bpf_prog_info up to verified_insns; older kernels fill less
_INFO_ID, _INFO_NAME, _INFO_RUN_TIME = 4, 64, 192

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class ProgStats:
    """Cumulative since load. The times count only while somebody holds ``enable_stats()``."""

    run_time_ns: int
    run_cnt: int
    recursion_misses: int
    id: int
    name: str


def read_percpu_u64(map_fd: int, index: int) -> int:
    """Sum over all CPUs of one slot of a per-CPU array of u64."""
    key = ctypes.c_uint32(index)
    values = (ctypes.c_uint64 * possible_cpus())()
    _bpf(_MAP_LOOKUP_ELEM, struct.pack("=ixxxxQQQ", map_fd, ctypes.addressof(key), ctypes.addressof(values), 0))
    return sum(values)


def prog_stats(prog_fd: int) -> ProgStats:
    info = ctypes.create_string_buffer(_INFO_SIZE)
    _bpf(_OBJ_GET_INFO_BY_FD, struct.pack("=iIQ", prog_fd, _INFO_SIZE, ctypes.addressof(info)))
    (prog_id,) = struct.unpack_from("=I", info, _INFO_ID)
    run_time, run_cnt, misses = struct.unpack_from("=QQQ", info, _INFO_RUN_TIME)
    name = info.raw[_INFO_NAME : _INFO_NAME + 16].split(b"\0")[0].decode()
    return ProgStats(run_time, run_cnt, misses, prog_id, name)


def enable_stats() -> int:
    """Turn on the kernel's run-time statistics of BPF programs until the returned descriptor is closed (Linux 5.8)."""
    return _bpf(_ENABLE_STATS, struct.pack("=I", _STATS_RUN_TIME))


@cache
def possible_cpus() -> int:
    """How many values a per-CPU map holds for one key: CPUs that could ever be plugged in, not those online."""
    ranges = Path("/sys/devices/system/cpu/possible").read_text().strip().split(",")
    return max(int(part.split("-")[-1]) for part in ranges) + 1


def _bpf(command: int, attributes: bytes) -> int:
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    number = _SYSCALL[os.uname().machine]
    result: int = _libc.syscall(number, command, buffer, len(attributes))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"bpf command {command}: {os.strerror(error)}")
    return result
