"""The container of a process, as its control group names it."""

from __future__ import annotations

import re
from pathlib import Path

_CONTAINER = re.compile(r"(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:/|$)")
_SHORT = 12


def container_of(pid: int) -> str:
    """``container 3fa2…`` with the first 12 digits; empty outside of one."""
    try:
        return named(Path(f"/proc/{pid}/cgroup").read_text("utf-8", "replace"))
    except OSError:
        return ""


def named(groups: str) -> str:
    """The same, from the content of that file."""
    found = next(filter(None, map(_CONTAINER.search, groups.splitlines())), None)
    return f"container {found[1][:_SHORT]}" if found else ""
