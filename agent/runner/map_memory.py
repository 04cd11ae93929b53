"""How much of the kernel's memory maps take, as the kernel says itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from agent.runner.compiler import AttachError

_FDINFO = Path("/proc/self/fdinfo")
_MEMORY = re.compile(r"^memlock:\s+(\d+)$", re.MULTILINE)
_ENTRIES = re.compile(r"^max_entries:\s+(\d+)$", re.MULTILINE)
_RING = re.compile(r"^map_type:\s+27$", re.MULTILINE)  # BPF_MAP_TYPE_RINGBUF


def check_memory(maps: Mapping[int, str], allowed: int) -> None:
    """``maps``: names by descriptor; ``allowed`` bytes together, 0: any number. Raises AttachError."""
    needed = memory_bytes(maps)
    if not allowed or needed <= allowed:
        return
    largest = max(maps, key=lambda descriptor: memory_bytes([descriptor]))
    raise AttachError(
        f"its maps need {needed >> 20} MiB of kernel memory, {memory_bytes([largest]) >> 20} of them {maps[largest]}, "
        f"and this host's policy allows {allowed >> 20} MiB for one run (`limits.map_bytes`); ask for a smaller buffer"
    )


def memory_bytes(descriptors: Iterable[int]) -> int:
    return sum(_memory((_FDINFO / str(descriptor)).read_text()) for descriptor in descriptors)


def _memory(info: str) -> int:
    """Before Linux 6.4 the kernel counts a ring as nothing."""
    patterns = [_MEMORY, _ENTRIES] if _RING.search(info) else [_MEMORY]
    return max((int(found[1]) for pattern in patterns if (found := pattern.search(info))), default=0)
