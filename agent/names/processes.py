"""Processes by pid and name: ids, program, user and age, never their arguments, which may hold secrets."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.clock import SECOND, boot_ns, wall_ns
from agent.kernel.hidden import hidden_pids
from agent.kernel.processes import process_uid
from agent.names.containers import container_of
from agent.names.found import Found, best
from proto.text import escape
from proto.v1.agent_pb2 import Ask, Name

_KERNEL_THREAD = 0x00200000  # PF_KTHREAD, include/linux/sched.h
_PASSWD = Path("/etc/passwd")
_TICK_NS = SECOND // os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    comm: bytes
    tty: int
    ticks: int  # since boot, when it started
    kernel: bool
    program: str  # base name of what it runs; empty: not known


def processes(ask: Ask) -> Found:
    """The newest first within equally good ones; threads of the kernel last."""
    everybody = sorted(running(ask), key=lambda process: (process.kernel, -process.ticks))
    found = best(everybody, ask.text, lambda process: (str(process.pid), escape(process.comm), process.program))
    return Found([_name(process) for process in found[: ask.limit]], len(found))


def program_names(ask: Ask) -> Found:
    """Only those that a filter, which is text, can name."""
    counts: dict[str, int] = {}
    for process in running(ask):
        if process.kernel:
            continue  # what proc calls them is longer than their names
        try:
            comm = process.comm.decode()
        except UnicodeDecodeError:
            continue
        counts[comm] = counts.get(comm, 0) + 1
    found = best(sorted(counts), ask.text, lambda comm: (comm,))
    names = [Name(value=comm, detail=_processes(counts[comm])) for comm in found[: ask.limit]]
    return Found(names, len(found))


def users(ask: Ask) -> Found:
    """People and services that have processes, then the rest of the host's users."""
    active = {process_uid(process.pid) for process in running(ask)} - {None}
    known = {uid: name for uid, name in _users().items() if uid not in ask.never_uids}
    for uid in active:
        known.setdefault(uid or 0, "")
    everybody = sorted(known, key=lambda uid: (uid not in active, uid))
    found = best(everybody, ask.text, lambda uid: (str(uid), known[uid]))
    names = [
        Name(value=str(uid), label=known[uid], detail="runs processes" if uid in active else "")
        for uid in found[: ask.limit]
    ]
    return Found(names, len(found))


def running(ask: Ask) -> Iterator[Process]:
    """What ends meanwhile is left out, and whom this host's policy never traces."""
    hidden = hidden_pids(ask.hidden)
    for name in os.listdir("/proc"):  # noqa: PTH208 (a Path for each of thousands would cost more than the reading)
        if name.isdecimal():
            if int(name) in hidden or (ask.never_uids and _is_one_of(int(name), ask.never_uids)):
                continue
            try:
                yield _process(int(name))
            except (OSError, ValueError, IndexError):
                continue


def user_name(uid: int) -> str:
    return _users().get(uid, f"uid {uid}")


def started_wall_ns(ticks: int) -> int:
    return wall_ns() - boot_ns() + ticks * _TICK_NS


def _is_one_of(pid: int, uids: Collection[int]) -> bool:
    """So is one that nobody can tell of."""
    uid = process_uid(pid)
    return uid is None or uid in uids


def _process(pid: int) -> Process:
    head, _, tail = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")
    fields = tail.split()  # from field 3 of proc(5) on
    return Process(
        pid=pid,
        comm=head.partition(b"(")[2],
        tty=int(fields[4]),
        ticks=int(fields[19]),
        kernel=bool(int(fields[6]) & _KERNEL_THREAD),
        program=_program(pid),
    )


def _program(pid: int) -> str:
    try:
        path = os.fsencode(Path(f"/proc/{pid}/exe").readlink())
    except OSError:
        return ""
    return escape(path.removesuffix(b" (deleted)").rpartition(b"/")[2])


def _name(process: Process) -> Name:
    comm = escape(process.comm)
    uid = process_uid(process.pid)
    told = [
        "" if uid is None else user_name(uid),
        "kernel" if process.kernel else "" if process.program == comm else process.program,
        container_of(process.pid),
    ]
    detail = ", ".join(filter(None, told))
    return Name(value=str(process.pid), label=comm, detail=detail, since_wall_ns=started_wall_ns(process.ticks))


@cache
def _users() -> dict[int, str]:
    """The host's own: a directory service would be asked over the network, once for each key that is pressed."""
    names: dict[int, str] = {}
    try:
        lines = _PASSWD.read_bytes().splitlines()
    except OSError:
        return names
    for line in lines:
        fields = line.split(b":")
        if len(fields) > 2 and fields[2].isdigit():
            names.setdefault(int(fields[2]), escape(fields[0]))
    return names


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"
