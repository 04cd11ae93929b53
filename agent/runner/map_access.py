"""Single elements of BPF maps. Imports bcc."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator

from bcc import lib

BPF_NOEXIST = 1


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


def insert_map(map_fd: int, key: bytes, value: bytes) -> bool:
    """False when the key was there already. Raises OSError."""
    ctypes.set_errno(0)
    if lib.bpf_update_elem(map_fd, key, value, BPF_NOEXIST) == 0:
        return True
    error = ctypes.get_errno()
    if error != errno.EEXIST:
        raise OSError(error, f"cannot write to a BPF map: {os.strerror(error)}")
    return False


def delete_map(map_fd: int, key: bytes) -> None:
    """Without the key nothing happens."""
    lib.bpf_delete_elem(map_fd, key)


def map_keys(map_fd: int, size: int) -> Iterator[bytes]:
    """Of a hash that may change meanwhile: a key that goes at the wrong moment makes the walk begin anew."""
    key = ctypes.create_string_buffer(size)
    found = lib.bpf_get_first_key(map_fd, key, size)
    while found == 0:
        yield key.raw
        following = ctypes.create_string_buffer(size)
        found = lib.bpf_get_next_key(map_fd, key, following)
        key = following
