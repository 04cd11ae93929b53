"""A control group with little memory, for programs that are to run out of it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


@contextmanager
def memory_group(limit_bytes: int) -> Iterator[Path]:
    """The group's file to write a pid into; all of it must have ended when this does. Knows cgroup v1 and v2."""
    group = _parent() / f"fleetscope-test-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    try:
        name = "memory.max" if (group / "memory.max").exists() else "memory.limit_in_bytes"
        (group / name).write_text(str(limit_bytes))
        for swap in ("memory.swap.max", "memory.swappiness"):
            if (group / swap).exists():
                (group / swap).write_text("0")
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def _parent() -> Path:
    """Where this process may make a group that has the memory controller."""
    if (ROOT / "cgroup.subtree_control").exists():
        (ROOT / "cgroup.subtree_control").write_text("+memory")
        return ROOT
    lines = [line.split(":") for line in Path(f"/proc/{os.getpid()}/cgroup").read_text().splitlines()]
    return ROOT / "memory" / next(path for _, names, path in lines if "memory" in names.split(",")).lstrip("/")
