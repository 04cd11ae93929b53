"""tracepoint against workloads that know what they did."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.harness import Run
from tests.agent.runner.traced import trace_statements
from tests.workloads.compiled import build, running
from tests.workloads.spawn import Workload, workload

pytestmark = pytest.mark.kernel

OFFSETS = [0, 1, -1, 2**63 - 1, -(2**63), 4096, 2**31, 2**32, -(2**31), 5]


def numbers(*values: int) -> list[bytes]:
    return [value.to_bytes(8, "little", signed=True) for value in values]


def passes(**steps: Iterable[bytes]) -> AbstractContextManager[Workload]:
    return workload(
        "passes.py", *[f"{word}={','.join(value.hex() for value in values)}" for word, values in steps.items()]
    )


def rows(target: AbstractContextManager[Workload], **params: str) -> list[dict[str, Any]]:
    with target as running_one, Run("tracepoint", params, Filters(pid=running_one.pid)) as run:
        running_one.go()
        running_one.finish()
        run.wait()
        run.check_books()
        assert run.lost() == {}
        assert run.end.cause == stream_pb2.END_CAUSE_TARGET_EXITED, run.end.message
        assert run.ledger.seen == len(run.rows())
        return run.rows()


def offsets(where: str = "") -> list[int]:
    found = rows(
        passes(seek=numbers(*OFFSETS)), tracepoint="syscalls:sys_enter_lseek", where=f"fd == 0xffffffff {where}"
    )
    assert {(row["fd"], row["whence"]) for row in found} <= {(2**32 - 1, 0)}
    return [row["offset"] for row in found]


@pytest.mark.proves("values")
def test_numbers_keep_sign_and_size() -> None:
    assert offsets() == OFFSETS


SCORE = """
for score in (1, 999, 256):
    with open("/proc/self/oom_score_adj", "w") as file: file.write(str(score))
"""


@pytest.mark.parametrize(
    ("where", "found"),
    [("", [1, 999, 256]), ("oom_score_adj > -1 and oom_score_adj < 300", [1, 256]), ("oom_score_adj == 999", [999])],
)
def test_a_signed_short_is_read_and_compared_by_its_own_bits(where: str, found: list[int]) -> None:
    """The field has 16 bits, its column 32, and comparisons are made with 64. Negative ones need a capability."""
    params = {"tracepoint": "oom:oom_score_adj_update", **({"where": where} if where else {})}
    traced = trace_statements("tracepoint", "", SCORE, params)
    assert [row["oom_score_adj"] for row in traced.rows] == found


@pytest.mark.parametrize(
    ("where", "passing"),
    [
        (f"offset < 0 and offset != {-(2**63)}", lambda n: n < 0 and n != -(2**63)),
        (f"offset >= {2**63 - 1}", lambda n: n == 2**63 - 1),
        ("offset > -2 and offset <= 4096 and offset & 0x1001", lambda n: -2 < n <= 4096 and n & 0x1001 != 0),
    ],
)
def test_comparisons_of_numbers_are_made_in_the_kernel(where: str, passing: Any) -> None:
    assert offsets(f"and {where}") == [offset for offset in OFFSETS if passing(offset)]


def test_unsigned_fields_compare_without_a_sign() -> None:
    seeks = passes(seek=numbers(*OFFSETS))
    assert len(rows(seeks, tracepoint="syscalls:sys_enter_lseek", where="fd > 0x7fffffff")) == len(OFFSETS)


NAMES = [b"plain", b"", b"fifteen-bytes-x", b"\xff\xfe\x80", "名前".encode(), b"with space", b"pl"]


@pytest.mark.proves("names")
@pytest.mark.parametrize(
    ("where", "passing"),
    [
        ("", NAMES),
        (r'newcomm == "\xff\xfe\x80"', [b"\xff\xfe\x80"]),
        ('newcomm ^= "pl"', [b"plain", b"pl"]),
        ('newcomm == "pl"', [b"pl"]),
        ('newcomm != "plain" and newcomm != ""', [name for name in NAMES if name not in (b"plain", b"")]),
    ],
)
def test_texts_of_any_bytes_arrive_and_compare(where: str, passing: list[bytes]) -> None:
    found = rows(passes(name=NAMES), tracepoint="task:task_rename", where=where)
    assert [row["newcomm"] for row in found] == passing
    assert {row["oom_score_adj"] for row in found} <= {int(Path("/proc/self/oom_score_adj").read_text())}


def test_names_of_programs_that_are_located_in_the_record_and_forks() -> None:
    found = rows(passes(exec=[b"/bin/true"] * 13), tracepoint="sched:sched_process_fork")
    assert len(found) == 13
    assert {(row["pid"], row["parent_pid"], row["parent_comm"]) for row in found} == {
        (found[0]["pid"], found[0]["pid"], found[0]["comm"])
    }
    assert len({row["child_pid"] for row in found}) == 13


def test_paths_of_programs_of_any_length_and_bytes(tmp_path: Path) -> None:
    names = [b"/bin/true", os.fsencode(tmp_path) + b"/\xff\xfe", os.fsencode(tmp_path) + b"/" + b"x" * 200]
    deep = tmp_path.joinpath(*["d" * 250] * 12)
    deep.mkdir(parents=True)
    names.append(os.fsencode(deep / "true"))
    for name in names[1:]:
        Path(os.fsdecode(name)).symlink_to("/bin/true")
    with passes(exec=names * 3) as target:
        params = {"tracepoint": "sched:sched_process_exec"}
        with Run("tracepoint", params, Filters(ppid=target.pid)) as run:
            target.go()
            target.finish()
            run.wait_for(12)
            run.stop()
            run.wait()
            run.check_books()
            found = run.rows()
    assert [row["filename"] for row in found] == names * 3
    assert all(row["field_pid"] == row["pid"] for row in found)


def test_signals_have_their_numbers_and_whom_they_go_to() -> None:
    sent = [signal.SIGUSR1] * 5 + [signal.SIGUSR2] * 7
    found = rows(
        passes(signal=numbers(*sent)), tracepoint="signal:signal_generate", where=f"sig == {int(signal.SIGUSR2)}"
    )
    assert [row["sig"] for row in found] == [signal.SIGUSR2] * 7
    assert {(row["field_pid"] == row["pid"], row["field_comm"] == row["comm"]) for row in found} == {(True, True)}


def test_states_of_sockets_are_named_and_addresses_are_text() -> None:
    found = rows(
        workload("passes.py", "connect"),
        tracepoint="sock:inet_sock_set_state",
        fields="oldstate,newstate,dport,daddr,daddr_v6,family",
        where="oldstate == TCP_CLOSE and newstate == TCP_SYN_SENT",
    )
    assert len(found) == 1
    assert (found[0]["daddr"], found[0]["daddr_v6"], found[0]["family"]) == (b"127.0.0.1", b"127.0.0.1", 2)
    assert found[0]["dport"] > 0


@pytest.mark.proves("long")
def test_strings_of_user_space_are_read_where_they_are_asked_for() -> None:
    paths = [b"/nonexistent/" + b"x" * length for length in (1, 40, 41, 200, 300, 4000)] + [b"/none/\xff\x80"]
    found = rows(
        passes(open=paths),
        tracepoint="syscalls:sys_enter_openat",
        strings="filename",
        fields="dfd,filename",
        where='filename ^= "/non"',
    )
    assert [row["filename"] for row in found] == paths
    assert {(row["dfd"], row["filename_read"]) for row in found} == {(-100, 0)}


def test_without_being_asked_no_string_is_followed() -> None:
    found = rows(passes(open=[b"/nonexistent"] * 3), tracepoint="syscalls:sys_enter_openat", where="flags == 0")
    assert all(isinstance(row["filename"], int) for row in found)


@pytest.mark.proves("rows")
def test_at_full_speed_seen_is_the_workloads_own_count_and_the_books_close(tmp_path: Path) -> None:
    program = build("calls.c", tmp_path)
    made = 1_000_003
    with running(program, made, 0, 0) as target:
        params = {"tracepoint": "syscalls:sys_enter_getppid"}
        with Run("tracepoint", params, Filters(pid=target.pid)) as run:
            target.go()
            target.finish()
            run.wait()
            run.check_books()
            assert run.ledger.seen == made
            assert run.table().num_rows == run.ledger.stored


def test_the_common_filters_hold() -> None:
    with passes(seek=numbers(*OFFSETS)) as target:
        filters = Filters(pid=target.pid, comm="another")
        with Run("tracepoint", {"tracepoint": "syscalls:sys_enter_lseek"}, filters) as run:
            target.go()
            target.finish()
            run.wait()
            run.check_books()
            assert run.ledger.seen == 0


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"tracepoint": "sched:nothing"}, "this kernel has no tracepoint sched:nothing"),
        ({"tracepoint": "sched:sched_switch", "where": "zzz == 1"}, "has no field zzz; it has prev_comm, prev_pid"),
        ({"tracepoint": "sched:sched_switch", "fields": "prev_pif"}, "did you mean prev_pid?"),
    ],
)
def test_what_cannot_be_traced_is_told_before_anything_is_attached(params: dict[str, str], reason: str) -> None:
    with Run("tracepoint", params) as run:
        run.wait()
        assert run.end.cause == stream_pb2.END_CAUSE_FAILED
        assert reason in run.end.message


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    params = {"tracepoint": "syscalls:sys_enter_getppid"}
    children = trace_children("tracepoint", "import os\ndef act(): os.getppid()", params, threads=True)
    check_threads(children)
    assert [row["pid"] for row in children.rows] == children.acts
