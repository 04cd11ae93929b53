"""Processes as /proc shows them; a number together with the time of its start names one process for ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_STATE, _PPID, _STARTED = 0, 1, 19  # fields of /proc/PID/stat behind the name (proc_pid_stat(5))


class NoProcessError(LookupError):
    """There is no such process. The text is one line for people."""


@dataclass(frozen=True, slots=True)
class Process:
    """``tid`` is 0 unless it is one thread that is meant. ``started_ticks`` since boot."""

    pid: int
    tid: int
    comm: bytes
    started_ticks: int
    ppid: int

    def alive(self) -> bool:
        """It has not ended; one that nobody has reaped has."""
        now = _read(self.pid, self.tid)
        return now is not None and now.started_ticks == self.started_ticks


def find_process(pid: int) -> Process:
    """Raises NoProcessError."""
    found = _read(pid, 0)
    if found is None:
        raise NoProcessError(f"no process {pid} runs on this host; see its processes with: ps -e")
    return found


def process_uid(pid: int) -> int | None:
    """The real user id of a process or thread; None: there is none of that number."""
    try:
        for line in (PROC / f"{pid}/status").read_bytes().splitlines():
            if line.startswith(b"Uid:"):
                return int(line.split()[1])
    except OSError:
        return None
    return None


def thread_group(number: int) -> int | None:
    """The process that a thread belongs to; None: there is none of that number."""
    try:
        status = (PROC / f"{number}/status").read_text("utf-8", "replace")
    except OSError:
        return None
    return int(next(line for line in status.splitlines() if line.startswith("Tgid:")).split()[1])


def find_thread(tid: int) -> Process:
    """Raises NoProcessError."""
    pid = thread_group(tid)
    found = None if pid is None else _read(pid, tid)
    if found is None:
        raise NoProcessError(f"no thread {tid} runs on this host; see its threads with: ps -eL")
    return found


def all_processes() -> Iterator[Process]:
    """Those that have ended are left out."""
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (found := _read(int(entry.name), 0)):
            yield found


def descendants(members: set[int], parents: Iterable[tuple[int, int]]) -> set[int]:
    """What descends from the members and is none yet, by pairs of child and parent."""
    pairs, found = list(parents), set[int]()
    while new := {child for child, parent in pairs if parent in members | found} - members - found:
        found |= new
    return found


def _read(pid: int, tid: int) -> Process | None:
    stat = PROC / (f"{pid}/task/{tid}/stat" if tid else f"{pid}/stat")
    try:
        head, _, rest = stat.read_bytes().rpartition(b")")
    except OSError:
        return None
    fields = rest.split()
    if fields[_STATE] in (b"Z", b"X") and (tid or not _has_threads(pid)):
        return None
    return Process(pid, tid, head.partition(b"(")[2], int(fields[_STARTED]), int(fields[_PPID]))


def _has_threads(pid: int) -> bool:
    """A process goes on when only its first thread has ended."""
    try:
        return sum(1 for _ in (PROC / f"{pid}/task").iterdir()) > 1
    except OSError:
        return False
