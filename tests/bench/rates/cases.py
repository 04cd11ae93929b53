"""Every tool's case. The rates are those that a machine of two cores reaches, a decade apart where it can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.disk import loop_disk
from tests.bench.rates import scripts
from tests.bench.rates.case import FORKS, Case, Start, Target, another_parent, by_parent
from tests.workloads.memory_group import memory_group
from tests.workloads.paced import Paced, paced, paced_steps
from tests.workloads.tls import certificate

CALLS, MANY, SOME, FEW = (1_000, 10_000, 100_000), (100, 1_000, 10_000), (10, 100, 1_000), (1, 3, 10)
HERTZ = (9, 99, 999)  # the highest that the tool takes, and less
GROUP_BYTES = 8 * 1024 * 1024
FILE_BYTES = 4 * 1024 * 1024  # as large as the file that paced_calls reads
NOWHERE = {"netns": "1"}
PUSH = "a function that begins with `push`, which the kernel emulates"
MOV = "a function that begins with `mov`, which the kernel steps through"


def calls(kind: str) -> Start:
    return lambda folder: paced(folder, "paced_calls.c", kind)


def program(source: str, *args: object) -> Start:
    return lambda folder: paced(folder, source, *args)


@contextmanager
def reads(folder: Path) -> Iterator[Paced]:
    path = folder / "read"
    path.write_bytes(bytes(FILE_BYTES))
    with paced(folder, "paced_calls.c", "read", path) as work:
        yield work


@contextmanager
def requests(folder: Path) -> Iterator[Paced]:
    with loop_disk(folder) as (disk, _), paced(folder, "paced_calls.c", "request", disk) as work:
        yield work


@contextmanager
def records(folder: Path) -> Iterator[Paced]:
    with paced(folder, "paced_tls.c", *certificate(folder), flags=("-lssl", "-lcrypto")) as work:
        yield work


@contextmanager
def shell(_: Path) -> Iterator[Paced]:
    with paced_steps(scripts.SHELL) as work:
        yield work


@contextmanager
def retransmissions(_: Path) -> Iterator[Paced]:
    with paced_steps(scripts.RETRANSMISSIONS) as work:
        yield work


@contextmanager
def kills(_: Path) -> Iterator[Paced]:
    with memory_group(GROUP_BYTES) as procs, paced_steps(scripts.kills(str(procs), GROUP_BYTES)) as work:
        yield work


def namespace(work: Paced, _: int) -> Target:
    return Target({"netns": str(Path(f"/proc/{work.pid}/ns/net").stat().st_ino)}, Filters())


def nowhere(_: Paced, __: int) -> Target:
    return Target(NOWHERE, Filters())


def terminal(work: Paced, _: int) -> Target:
    return Target({"terminal": str(Path(f"/proc/{work.pid}/fd/100").readlink()).removeprefix("/dev/")}, Filters())


def console(_: Paced, __: int) -> Target:
    return Target({"terminal": "tty1"}, Filters())


def function(tool: str, name: str, about: str, **params: str) -> Case:
    """Beside: what others pay that call the function, in a run without a pid."""

    def place(work: Paced) -> dict[str, str]:
        return {"function": f"{work.words['program']}:starts_with_{name}", **params}

    return Case(
        tool,
        "calls",
        "A call",
        CALLS,
        calls(name),
        lambda work, _: Target(place(work), Filters(pid=work.pid)),
        lambda work, idle: Target(place(work), Filters(ppid=idle)),
        about=about,
    )


def functions(tool: str, **params: str) -> list[Case]:
    return [function(tool, "push", PUSH, **params), function(tool, "mov", MOV, **params)]


def probe(work: Paced) -> dict[str, str]:
    return {"probe": f"{work.words['program']}:paced:pass"}


def connection(tool: str) -> Case:
    return Case(tool, "connections", "A connection", MANY, program("paced_connections.c"), about=ENDS)


def switches(tool: str, unit: str, each: str, hits: int) -> Case:
    start = program("paced_switches.c")
    return Case(tool, unit, each, CALLS, start, per_step=2, hits=hits, for_host=FORKS, by_tool=True)


def request(tool: str) -> Case:
    about = "direct reads of 4 KiB from a loop device"
    return Case(tool, "requests", "A request", MANY, requests, about=about, hits=3)


def processes(tool: str, unit: str, each: str, kind: str) -> Case:
    start = program("paced_processes.c", kind)
    return Case(tool, unit, each, SOME, start, by_parent, another_parent, seconds=2)


ENDS = "each made, accepted and closed at both ends by one process, over the loopback"

CASES = [
    Case("bashreadline", "lines", "A line", SOME, shell, by_parent, another_parent),
    request("biolatency"),
    request("biosnoop"),
    Case("cachestat", "reads", "A read", CALLS, reads, about="`pread` of a page that is in the cache"),
    switches("cpudist", "switches", "A switch", 1),
    processes("execsnoop", "programs", "A program", "exec"),
    processes("exitsnoop", "processes", "A process", "fork"),
    Case("filetop", "reads", "A read", CALLS, reads, about="`pread` of a page that is in the cache", hits=1),
    *functions("funccount"),
    *functions("funclatency"),
    Case(
        "gethostlatency",
        "look-ups",
        "A look-up",
        MANY,
        calls("look-up"),
        beside=another_parent,
        about="`getaddrinfo` of a numeric address",
    ),
    Case("killsnoop", "signals", "A signal", CALLS, calls("kill"), about="`kill` of signal 0 to itself"),
    # Without a pid it would slow down every program of the machine.
    Case(
        "memleak",
        "allocations",
        "An allocation",
        CALLS,
        calls("allocate"),
        beside=None,
        about="each with its `free`",
    ),
    switches("offcputime", "waits", "A switch", 1),
    Case("oomkill", "kills", "A kill", FEW, kills, by_parent, another_parent, seconds=3),
    Case("opensnoop", "opens", "An open", CALLS, calls("open"), about="of a missing file"),
    Case(
        "profile",
        "samples",
        "A sample",
        HERTZ,
        calls("spin"),
        lambda work, rate: Target({"frequency": str(rate)}, Filters(pid=work.pid)),
        lambda _, idle: Target({"frequency": str(HERTZ[-1])}, Filters(pid=idle)),
        about="of a program that is always busy",
        hits=1,
        by_tool=True,
        apart=True,
        uncharged=True,
    ),
    switches("runqlat", "waits", "A switch", 2),
    Case("solisten", "calls", "A call", CALLS, calls("listen"), about="of `listen`"),
    Case(
        "sslsniff",
        "records",
        "A record",
        MANY,
        records,
        beside=another_parent,
        about="of 1 KiB, each written and read by one process",
    ),
    function("stackcount", "push", PUSH),
    Case("statsnoop", "calls", "A call", CALLS, calls("stat"), about="of `newfstatat` for a missing file"),
    Case("syscount", "calls", "A call", CALLS, calls("getppid"), about="of `getppid`", hits=1),
    connection("tcpconnect"),
    connection("tcplife"),
    Case(
        "tcpretrans",
        "packets",
        "A packet",
        SOME,
        retransmissions,
        namespace,
        nowhere,
        about="that ask again for a connection",
        seconds=3,
        by_tool=True,
        uncharged=True,
    ),
    Case(
        "tcpstates",
        "connections",
        "A connection",
        MANY,
        program("paced_connections.c"),
        namespace,
        nowhere,
        about=ENDS,
    ),
    connection("tcptracer"),
    Case(
        "tracepoint",
        "passes",
        "A pass",
        CALLS,
        calls("open"),
        lambda work, _: Target({"tracepoint": "syscalls:sys_enter_openat"}, Filters(pid=work.pid)),
        lambda _, idle: Target({"tracepoint": "syscalls:sys_enter_openat"}, Filters(pid=idle)),
        about="of `syscalls:sys_enter_openat`, with the path",
    ),
    Case(
        "ttysnoop",
        "lines",
        "A line",
        MANY,
        calls("show"),
        terminal,
        console,
        about="of 69 bytes on a pseudo-terminal, each with its write and its read",
        hits=2,
    ),
    *functions("uprobe", args="number:s64"),
    Case(
        "usdt",
        "passes",
        "A pass",
        CALLS,
        calls("probe"),
        lambda work, _: Target(probe(work), Filters(pid=work.pid)),
        lambda work, idle: Target(probe(work), Filters(ppid=idle)),
        about="of a probe with one number",
    ),
]
