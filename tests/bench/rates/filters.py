"""What the common filters cost, on opensnoop: `python -m tests.bench.rates.filters [--write]`.

For each filter the time in BPF of an open that passes it and of one that does not, and that of the programs that keep
the filters true when processes start and end. With --write the results are kept and shown in bpf/README.md.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.kernel.bpf_syscall import enable_stats
from bpf.catalog import ROOT as TOOLS
from proto.v1.agent_pb2 import Filters
from tests.bench.rates import page, results
from tests.bench.rates.case import Case, Start, Target
from tests.bench.rates.cases import calls, program
from tests.bench.rates.measure import measure
from tests.workloads.groups import container_id, group, join
from tests.workloads.paced import Paced

RESULT, README = results.RESULTS.parent / "filters.json", TOOLS / "README.md"
ROUNDS, RATE, FORKS_RATE = 3, 20_000, 500
NOBODY = 64_000


OPENS = calls("open")


@dataclass(frozen=True, slots=True)
class Filter:
    """``passes``: filters that the workload passes; ``fails``: filters that mean an idle process instead."""

    title: str
    passes: Callable[[Paced], Filters]
    fails: Callable[[Paced, int], Filters]
    start: Start = OPENS


def in_containers(controller: str) -> Start:
    """The workload in a container's control group; the other group is for the idle process."""

    @contextmanager
    def start(folder: Path) -> Iterator[Paced]:
        one, other = container_id(), container_id()
        with ExitStack() as held:
            mine = held.enter_context(group(f"system.slice/docker-{one}.scope", controller))
            theirs = held.enter_context(group(f"system.slice/docker-{other}.scope", controller))
            work = held.enter_context(OPENS(folder))
            join(mine, work.pid)
            work.words = {**work.words, "container": one, "other": other, "folder": str(theirs)}
            yield work

    return start


def idle_container(work: Paced, idle: int) -> Filters:
    join(Path(work.words["folder"]), idle)
    return Filters(container=work.words["other"][:12])


def contained(title: str, controller: str) -> Filter:
    passes = lambda work: Filters(container=work.words["container"][:12])  # noqa: E731
    return Filter(title, passes, idle_container, in_containers(controller))


FILTERS = [
    Filter("`--pid`", lambda work: Filters(pid=work.pid), lambda _, idle: Filters(pid=idle)),
    Filter(
        "`--pid --follow`",
        lambda work: Filters(pid=work.pid, follow=True),
        lambda _, idle: Filters(pid=idle, follow=True),
    ),
    Filter("`--ppid`", lambda _: Filters(ppid=os.getpid()), lambda _, idle: Filters(ppid=idle)),
    Filter(
        "`--pid --uid`",
        lambda work: Filters(pid=work.pid, uid=os.getuid()),
        lambda work, _: Filters(pid=work.pid, uid=NOBODY),
    ),
    Filter(
        "`--pid --comm`",
        lambda work: Filters(pid=work.pid, comm="paced_calls"),
        lambda work, _: Filters(pid=work.pid, comm="another"),
    ),
    contained("`--container`, cgroup v2", ""),
    contained("`--container`, cgroup v1", "memory"),
]


def main() -> int:
    counting = enable_stats()
    try:
        found = {**results.machine(), "load": [round(os.getloadavg()[0], 1)]}
        found["filters"] = [{"title": one.title, **_measured(one)} for one in FILTERS]
        found["forks"] = _forks()
        found["load"].append(round(os.getloadavg()[0], 1))
    finally:
        os.close(counting)
    print(json.dumps(found))
    if "--write" in sys.argv[1:]:
        RESULT.write_text(json.dumps(found, indent=2) + "\n")
        write()
    return 0


def write() -> None:
    page.put(README, text(json.loads(RESULT.read_text())))


def _measured(one: Filter) -> dict[str, Any]:
    case = Case(
        "opensnoop",
        "opens",
        "An open",
        (RATE,),
        one.start,
        lambda work, _: Target({}, one.passes(work)),
        lambda work, idle: Target({}, one.fails(work, idle)),
    )
    table = _table(case)
    return {"passes_us": table["rates"][0]["kernel_us"], "fails_us": table["beside"]["kernel_us"]}


def _forks() -> dict[str, Any]:
    """By program, without and with --follow; a fork is the start and the end of a process."""
    case = Case("opensnoop", "forks", "A fork", (FORKS_RATE,), program("paced_processes.c", "fork"), beside=None)
    follow = replace(case, target=lambda work, _: Target({}, Filters(pid=work.pid, follow=True)))
    return {"pid": _table(case)["host_us"], "follow": _table(follow)["host_us"]}


def _table(case: Case) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return results.as_table(case, measure(case, ROUNDS, Path(folder), {}))


def text(found: dict[str, Any]) -> str:
    low, high = found["load"]
    rows = [
        f"| {one['title']} | {page.spread(one['passes_us'])} | {page.spread(one['fails_us'])} |"
        for one in found["filters"]
    ]
    fork, follow = found["forks"]["pid"], found["forks"]["follow"]
    return "\n".join(
        [
            f"Time in BPF for each open of a file, by opensnoop's two programs, on Linux {found['kernel']} with "
            f"{found['cpus']} CPUs shared with other work (load {low} to {high}), {found['date']}: medians of {ROUNDS} "
            "rounds, ± half their range.",
            "",
            "| filter | of a process that is meant | of another |",
            "| --- | --- | --- |",
            *rows,
            "",
            f"Every start of a process of the host takes {page.spread(fork['fs_on_fork'])}, so that a number that is "
            f"given out again never passes; with `--follow` {page.spread(follow['fs_on_fork'])}, and its end "
            f"{page.spread(follow['fs_on_free'])}. To notice when a CPU runs no probes (`FS_WATCH`) takes {_watch()} "
            "at each switch between threads.",
        ]
    )


def _watch() -> str:
    """Medians of the tools that watch; these do not differ in anything but when they were measured."""
    tables = [table for tool in results.tools() for table in results.load(tool)["tables"]]
    watching = [table["host_us"]["sched_switch"] for table in tables if "sched_switch" in table["host_us"]]
    return page.spread([statistics.median(each) for each in watching])


if __name__ == "__main__":
    sys.exit(main())
