"""Whom a host's policy never traces: left out in the kernel, whoever asks and however."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.warden.admission import admit
from agent.warden.envelope import Refused
from agent.warden.policy import PolicyError, parse_policy
from agent.warden.verdicts import Verdicts
from bpf.catalog import ROOT, load_tool
from proto.v1.agent_pb2 import Exclusions, Filters, Hidden, Verdict
from proto.v1.stream_pb2 import EndCause
from tests.agent.support.commands import envelope
from tests.agent.support.host import POLICY, AgentHost
from tests.workloads.compiled import build, running
from tests.workloads.groups import group, hierarchy, join
from tests.workloads.spawn import FOLDER, Workload, workload

HIDDEN = 65_000
CATALOG = {name: load_tool(ROOT / name) for name in ("opensnoop", "ttysnoop")}
NEVER = parse_policy({"never_trace": {"uids": [HIDDEN]}, "risk": ["S0", "S1", "S2", "S3"]})
# The script is read before the user is changed, who may not be able to read it.
AS_USER = (
    "import os, sys; del sys.argv[0]; text = open(sys.argv[0]).read(); os.setuid(int(sys.argv.pop(1))); exec(text)"
)
FEW, MANY = 11, 5003


@contextmanager
def hidden(count: int = 1) -> Iterator[Workload]:
    """Opens so many paths, as the user whom nobody may trace."""
    script = [str(FOLDER / "open_paths.py"), str(HIDDEN), str(count), "20000", "/nonexistent/hidden-"]
    running = Workload([sys.executable, "-S", "-c", AS_USER, *script])
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_every_start_leaves_them_out_and_says_so() -> None:
    asked = Filters(exclude=Exclusions(uid=[7]))
    admission = admit(envelope("host", filters=asked), CATALOG, NEVER)
    assert list(admission.filters.exclude.uid) == [7, HIDDEN]
    assert f"leaves out processes of uid {HIDDEN}" in admission.note
    assert list(asked.exclude.uid) == [7], "what people asked for stays on record as they did"
    twice = admit(envelope("host", filters=Filters(exclude=Exclusions(uid=[HIDDEN]))), CATALOG, NEVER)
    assert list(twice.filters.exclude.uid) == [HIDDEN]


def test_nobody_names_them_by_user_nor_by_process() -> None:
    with pytest.raises(Refused, match=f"never traces uid {HIDDEN}"):
        admit(envelope("host", filters=Filters(uid=HIDDEN)), CATALOG, NEVER)
    with hidden() as target, workload("open_paths.py", 1, 1, "/nonexistent/shown-") as shown:
        for filters in (Filters(pid=target.pid), Filters(tid=target.pid), Filters(ppid=target.pid)):
            with pytest.raises(Refused, match=f"{target.pid} belongs to uid {HIDDEN}"):
                admit(envelope("host", filters=filters), CATALOG, NEVER)
        assert admit(envelope("host", filters=Filters(pid=shown.pid)), CATALOG, NEVER).filters.pid == shown.pid


def test_a_tool_that_cannot_leave_out_a_user_does_not_run() -> None:
    told: list[Verdict] = []
    Verdicts(CATALOG, parse_policy({"risk": ["S3"]}), told.append).use_policy(NEVER)
    (verdict,) = [verdict for verdict in told if verdict.state == Verdict.STATE_FORBIDDEN and "leave" in verdict.reason]
    assert (verdict.tool, "`never_trace.uids`" in verdict.reason) == ("ttysnoop", True)
    with pytest.raises(Refused, match="ttysnoop cannot leave anybody out by user"):
        admit(envelope("host", "ttysnoop", params={"terminal": "pts/0"}), CATALOG, NEVER)


@pytest.mark.kernel
@pytest.mark.parametrize("uids", [[], [HIDDEN]], ids=["nobody listed", "listed"])
def test_the_kernel_leaves_them_out_of_a_session_that_would_see_them(host: AgentHost, uids: list[int]) -> None:
    host.write_policy(f"{POLICY}[never_trace]\nuids = {uids}\n")
    with hidden(MANY) as target, workload("open_paths.py", FEW, 1000, "/nonexistent/shown-") as shown:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(ppid=os.getpid())))
        for one in (target, shown):
            one.go()
            one.finish()
        host.server.send(stop={"run_id": run_id, "cause": EndCause.END_CAUSE_STOPPED})
        seen = host.server.wait_for_end(run_id, 60).head.ledger.seen
    assert seen >= FEW
    assert (seen < MANY) is bool(uids)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"cgroups": "/a"}, r"never_trace\.cgroups: must be a list of paths"),
        ({"binaries": [7]}, r"never_trace\.binaries: must be a list of paths"),
        ({"cgroups": ["a.slice"]}, "'a.slice' must begin with /"),
        ({"cgroups": ["/a//b"]}, "must begin with / and have neither"),
        ({"binaries": ["/usr/../bin/x"]}, "must begin with / and have neither"),
        ({"binaries": ["/usr/bin/"]}, "must begin with / and have neither"),
        ({"cgroups": ["/"]}, "is no path of a file or control group of its own"),
        ({"binaries": [f"/{'x' * 255}"]}, "is longer than 255 bytes"),
        ({"cgroups": [f"/{number}" for number in range(33)]}, "at most 32 paths fit, not 33"),
    ],
)
def test_a_list_that_means_nothing_is_refused(table: dict[str, object], why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        parse_policy({"never_trace": table})


def test_what_is_listed_is_told_and_needs_tools_that_can_leave_it_out() -> None:
    policy = parse_policy({"never_trace": {"cgroups": ["/v.slice"], "binaries": ["/usr/bin/vault"]}})
    assert policy.never_trace.note == (
        "this host's policy leaves out processes of control group /v.slice; of program /usr/bin/vault"
    )
    assert "cannot leave anybody out by program" in policy.never_trace.forbids(load_tool(ROOT / "tcpstates").tool)
    assert policy.never_trace.forbids(load_tool(ROOT / "opensnoop").tool) == ""
    assert policy.never_trace.hidden == Hidden(cgroups=["/v.slice"], binaries=["/usr/bin/vault"])
    assert NEVER.never_trace.hidden is None


def test_nobody_names_a_process_by_what_it_runs_or_where(tmp_path: Path) -> None:
    program = build("burst.c", tmp_path)
    with (
        group("kept") as folder,
        running(program, 1) as one,
        workload("open_paths.py", 1, 1, "/nonexistent/two-") as two,
    ):
        join(folder, two.pid)
        path = f"/{folder.relative_to(hierarchy().root)}"
        for table, target, other in (({"binaries": [str(program)]}, one, two), ({"cgroups": [path]}, two, one)):
            policy = parse_policy({"never_trace": table})
            for filters in (Filters(pid=target.pid), Filters(tid=target.pid), Filters(ppid=target.pid)):
                with pytest.raises(Refused, match=f"{target.pid} is a process that this host's policy never traces"):
                    admit(envelope("host", filters=filters), CATALOG, policy)
            assert admit(envelope("host", filters=Filters(pid=other.pid)), CATALOG, policy).filters.pid == other.pid


@pytest.mark.kernel
@pytest.mark.parametrize("listed", [False, True], ids=["nobody listed", "listed"])
def test_a_start_leaves_out_a_listed_program(host: AgentHost, tmp_path: Path, listed: bool) -> None:
    program = build("burst.c", tmp_path)
    host.write_policy(f"{POLICY}[never_trace]\nbinaries = {[str(program)] if listed else []}\n")
    with running(program, MANY, 20_000) as target:
        run_id = host.begin(envelope(host.identity.host_id, filters=Filters(ppid=os.getpid())))
        target.go()
        target.finish()
        host.server.send(stop={"run_id": run_id, "cause": EndCause.END_CAUSE_STOPPED})
        seen = host.server.wait_for_end(run_id, 60).head.ledger.seen
    assert (seen < MANY) is listed
