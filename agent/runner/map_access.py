"""Single elements of BPF maps. Imports bcc."""

from __future__ import annotations

import ctypes
import os

from bcc import lib


def update_map(map_fd: int, key: bytes, value: bytes) -> None:
    """Raises OSError."""
    ctypes.set_errno(0)
    if lib.bpf_update_elem(map_fd, key, value, 0) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot write to a BPF map: {os.strerror(error)}")


def lookup_map(map_fd: int, key: bytes, size: int) -> bytes | None:
    """None when there is no such key."""
    value = ctypes.create_string_buffer(size)
    return value.raw if lib.bpf_lookup_elem(map_fd, key, value) == 0 else None
