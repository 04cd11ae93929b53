"""Removes what a dead runner may have left in tracefs.

Where the kernel has no perf event for a probe, BCC falls back to named events, which outlive the process; their names
end in ``_bcc_<pid>``. Only those of one runner of ours are touched.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

log = logging.getLogger(__name__)

TRACEFS = Path("/sys/kernel/tracing")
_EVENT = re.compile(r"^[pr]\d*:(?P<name>\S+)")


def sweep(pid: int, tracefs: Path = TRACEFS) -> None:
    """Never raises: what cannot be removed is logged."""
    for file in (tracefs / "kprobe_events", tracefs / "uprobe_events"):
        try:
            names = leftovers(file.read_text(), pid)
        except OSError:
            continue  # this kernel has no such probes
        for name in names:
            _remove(file, name)


def leftovers(events: str, pid: int) -> list[str]:
    """``group/event`` of every line that the process with this pid made."""
    names = [match["name"] for line in events.splitlines() if (match := _EVENT.match(line))]
    return [name for name in names if name.endswith(f"_bcc_{pid}")]


def _remove(file: Path, name: str) -> None:
    try:
        with file.open("a") as events:
            events.write(f"-:{name}\n")
        log.warning("removed %s, left in %s by a dead runner", name, file)
    except OSError as error:
        log.error("%s is left in %s: %s", name, file, error)
