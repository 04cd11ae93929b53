"""Runs about targets that people have, against workloads that know who opened what."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from agent.runner.found_targets import TargetError, find_targets
from agent.runner.targets import Targets
from proto.v1 import stream_pb2
from proto.v1.agent_pb2 import Exclusions, Filters
from tests.agent.runner.harness import Run
from tests.workloads.groups import container_id, group, host_file, join, spawn_as
from tests.workloads.spawn import FOLDER, Workload, workload

MISSING = "/nonexistent/fleetscope"
STEADY = 20_000  # a second


@contextmanager
def opener(name: str, count: int, folder: Path | None = None, program: str = sys.executable) -> Iterator[Workload]:
    """Opens MISSING/name/0 and so on, in the group; ``program`` is a Python by another name."""
    with workload("open_paths.py", count, STEADY, f"{MISSING}/{name}/", program=program) as target:
        if folder:
            join(folder, target.pid)
        yield target


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def seen(run: Run) -> Counter[str]:
    """How many paths of each workload."""
    paths = (row["path"].decode() for row in run.rows())
    return Counter(path.split("/")[3] for path in paths if path.startswith(f"{MISSING}/"))


def finish(*targets: Workload) -> None:
    for target in targets:
        target.go()
    for target in targets:
        target.finish()


@pytest.mark.kernel
@pytest.mark.parametrize("controller", ["", "memory"], ids=["v2", "v1"])
def test_a_container_is_all_that_runs_in_its_group_and_below(controller: str) -> None:
    one, other = container_id(), container_id()
    with ExitStack() as held:
        enter = held.enter_context
        engine = enter(group("system.slice", controller))
        mine, nested = engine / f"docker-{one}.scope", engine / f"docker-{one}.scope" / "init" / "deep"
        nested.mkdir(parents=True)
        (engine / f"docker-{other}.scope").mkdir()
        inside, deep = enter(opener("inside", 503, mine)), enter(opener("deep", 307, nested))
        outside = enter(opener("outside", 211, engine / f"docker-{other}.scope"))
        run = enter(Run("opensnoop", filters=Filters(container=one[:12])))
        finish(inside, outside, deep)
        run.wait()
        run.check_books()
        assert run.end.cause == stream_pb2.END_CAUSE_TARGET_EXITED
        assert run.end.message == f"container {one[:12]} ({one[:12]}) ended"
        assert seen(run) == {"inside": 503, "deep": 307}
        (found,) = run.targets.groups
    assert (found.filter, found.container, found.runtime, found.controller) == ("container", one, "docker", controller)
    assert sorted(found.pids) == sorted([inside.pid, deep.pid])


@pytest.mark.kernel
def test_a_container_with_a_hostile_name_is_found_by_it() -> None:
    number = container_id()
    name = "we b;$(reboot)\n\x1b[2J/../../'\"名"
    config = json.dumps({"Name": f"/{name}", "Config": {"Image": "evil:1", "Labels": None}})
    state = Path(f"/var/lib/docker/containers/{number}/config.v2.json")
    with group(f"docker/{number}") as folder, host_file(state, config), opener("named", 101, folder) as target:
        shown = "we b;$(reboot)??[2J/../../'\"名"
        with Run("opensnoop", filters=Filters(container=shown)) as run:
            finish(target)
            run.wait()
            assert seen(run) == {"named": 101}
            (found,) = run.targets.groups
    assert (found.name, found.image, found.cgroup) == (shown, "evil:1", found.cgroup)


@pytest.mark.kernel
def test_a_pod_is_all_its_containers_also_one_that_starts_later() -> None:
    uid = "0123abcd_1234_1234_1234_0123456789ab"
    web, pause, late = container_id(), container_id(), container_id()
    logs = Path("/var/log/containers")
    slice_ = f"kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid}.slice"
    with ExitStack() as held:
        enter = held.enter_context
        pod = enter(group(slice_))
        stranger = enter(group(slice_.replace("0123abcd", "ffffffff")))
        for number, name in ((web, "web"), (pause, "pause")):
            (pod / f"cri-containerd-{number}.scope").mkdir()
            enter(host_file(logs / f"shop-1_prod_{name}-{number}.log", ""))
        first = enter(opener("web", 211, pod / f"cri-containerd-{web}.scope"))
        second = enter(opener("pause", 307, pod / f"cri-containerd-{pause}.scope"))
        third, other = enter(opener("late", 101)), enter(opener("other", 97, stranger))
        run = enter(Run("opensnoop", filters=Filters(pod="prod/shop-1")))
        (pod / f"cri-containerd-{late}.scope").mkdir()
        join(pod / f"cri-containerd-{late}.scope", third.pid)
        finish(first, other, second, third)
        run.wait()
        run.check_books()
        assert seen(run) == {"web": 211, "pause": 307, "late": 101}
        assert run.end.message == "pod shop-1 ended" or run.end.message.startswith("pod kubepods")
        assert {item.container for item in run.targets.groups} == {"", web, pause}


@pytest.mark.kernel
def test_a_unit_is_found_by_its_name_and_exclusions_leave_others_out() -> None:
    with ExitStack() as held:
        enter = held.enter_context
        slice_ = enter(group("system.slice"))
        for name in ("fleet-test.service", "fleet-other.service"):
            (slice_ / name).mkdir()
        (slice_ / "fleet-test.service" / "worker").mkdir()
        main = enter(opener("main", 211, slice_ / "fleet-test.service"))
        worker = enter(opener("worker", 307, slice_ / "fleet-test.service" / "worker"))
        other = enter(opener("other", 101, slice_ / "fleet-other.service"))
        number = (slice_ / "fleet-test.service" / "worker").stat().st_ino
        only = enter(Run("opensnoop", filters=Filters(unit="fleet-test")))
        excluded = Exclusions(unit=["fleet-other.service"], cgroup=[number], pid=[os.getpid()])
        comm = Path(f"/proc/{main.pid}/comm").read_text().strip()
        others = enter(Run("opensnoop", filters=Filters(comm=comm, ppid=os.getpid(), exclude=excluded)))
        finish(main, other, worker)
        only.wait()
        others.stop()
        others.wait()
        assert seen(only) == {"main": 211, "worker": 307}
        assert seen(others) == {"main": 211}
        assert only.end.message == "unit fleet-test.service ended"


@pytest.mark.kernel
def test_a_process_is_followed_with_all_that_descends_from_it() -> None:
    with (
        workload("family.py", 101, f"{MISSING}") as target,
        Run("opensnoop", filters=Filters(pid=target.pid, follow=True)) as run,
    ):
        finish(target)
        run.wait()
        run.check_books()
        names = ("root", "thread", "early", "early-child", "child", "orphan", "exec")
        assert seen(run) == dict.fromkeys(names, 101)
        assert run.end.cause == stream_pb2.END_CAUSE_TARGET_EXITED
        assert run.end.message == f"process {target.pid} and all that it had started ended"
        (found,) = run.targets.processes
        assert len(found.children) == 1


@pytest.mark.kernel
def test_a_server_on_the_host_is_not_shown_with_all_that_its_supervisor_starts() -> None:
    with group("docker/" + (container := container_id())) as folder, ExitStack() as held:
        supervisor = held.enter_context(workload("family.py", 101, MISSING))
        join(folder, supervisor.pid, *children(supervisor.pid))
        other = held.enter_context(opener("other", 211, folder))
        run = held.enter_context(Run("opensnoop", filters=Filters(container=container), skip_families=[supervisor.pid]))
        finish(supervisor, other)
        run.wait()
        assert seen(run) == {"other": 211}


@pytest.mark.kernel
@pytest.mark.parametrize("follow", [False, True])
def test_a_server_on_the_host_is_shown_to_who_asks_for_its_number(follow: bool) -> None:
    with (
        workload("family.py", 101, MISSING) as supervisor,
        Run("opensnoop", filters=Filters(pid=supervisor.pid, follow=follow), skip_families=[supervisor.pid]) as run,
    ):
        finish(supervisor)
        run.wait()
        assert seen(run).keys() >= {"root", "thread"}
        assert ("orphan" in seen(run)) == follow


@pytest.mark.kernel
@pytest.mark.parametrize("follow", [False, True])
def test_another_process_with_the_number_of_the_target_is_never_taken_for_it(follow: bool) -> None:
    """The runner sleeps while the number changes hands, so only the kernel's side can tell them apart."""
    with opener("before", 101) as target, Run("opensnoop", filters=Filters(pid=target.pid, follow=follow)) as run:
        assert run.process
        run.process.send_signal(signal.SIGSTOP)
        finish(target)
        script = str(FOLDER / "open_paths.py")
        spawn_as(target.pid, [sys.executable, "-S", script, "211", str(STEADY), f"{MISSING}/after/"])
        _, status = os.waitpid(target.pid, 0)
        run.process.send_signal(signal.SIGCONT)
        run.wait()
        assert os.waitstatus_to_exitcode(status) == 0
        assert seen(run) == {"before": 101}
        assert run.end.cause == stream_pb2.END_CAUSE_TARGET_EXITED


@pytest.mark.kernel
def test_programs_users_and_threads_can_be_left_out(tmp_path: Path) -> None:
    with ExitStack() as held:
        enter = held.enter_context
        (tmp_path / "left-out").symlink_to(sys.executable)
        kept, left = enter(opener("kept", 211)), enter(opener("left", 307, program=str(tmp_path / "left-out")))
        others = Path(f"/proc/{kept.pid}").stat().st_uid
        by_comm = enter(Run("opensnoop", filters=Filters(ppid=os.getpid(), exclude=Exclusions(comm=["left-out"]))))
        by_number = Exclusions(tid=[left.pid], uid=[others + 1])
        by_tid = enter(Run("opensnoop", filters=Filters(ppid=os.getpid(), exclude=by_number)))
        nobody = enter(Run("opensnoop", filters=Filters(ppid=os.getpid(), exclude=Exclusions(uid=[others]))))
        finish(kept, left)
        for run in (by_comm, by_tid, nobody):
            run.stop()
            run.wait()
        assert seen(by_comm) == {"kept": 211}
        assert seen(by_tid) == {"kept": 211}
        assert seen(nobody) == {}


@pytest.mark.kernel
def test_a_process_in_a_pid_namespace_of_its_own_is_named_by_the_hosts_number() -> None:
    script = [sys.executable, "-S", str(FOLDER / "open_paths.py"), "101", str(STEADY), f"{MISSING}/inner/"]
    inner = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", *script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert inner.stdout and inner.stdin
    assert inner.stdout.readline() == b"1\n"
    children = Path(f"/proc/{inner.pid}/task/{inner.pid}/children").read_text().split()
    with Run("opensnoop", filters=Filters(pid=int(children[0]))) as run:
        inner.communicate(b"go\n")
        run.wait()
        assert seen(run) == {"inner": 101}
        assert {row["pid"] for row in run.rows()} == {int(children[0])}


@pytest.mark.kernel
def test_a_run_about_nothing_says_what_is_near_and_attaches_nothing() -> None:
    with group("system.slice") as slice_:
        (slice_ / "fleet-near.service").mkdir()
        with (
            opener("idle", 1, slice_ / "fleet-near.service"),
            Run("opensnoop", filters=Filters(unit="fleet-naer")) as run,
        ):
            run.wait()
            end = run.end
    assert end.cause == stream_pb2.END_CAUSE_FAILED
    assert end.message.startswith("no unit 'fleet-naer' runs on this host; did you mean fleet-near.service")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


def test_the_end_of_a_process_can_be_waited_for(child: subprocess.Popen[bytes]) -> None:
    targets = Targets(find_targets(Filters(pid=child.pid)))
    assert targets.over() == ""
    assert len(targets.descriptors) == 1
    child.communicate()
    assert targets.over() == f"process {child.pid} ended"
    targets.close()


def test_a_thread_is_noticed_when_it_ends() -> None:
    started, end, ids = threading.Event(), threading.Event(), []

    def work() -> None:
        ids.append(threading.get_native_id())
        started.set()
        end.wait()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    targets = Targets(find_targets(Filters(tid=ids[0])))
    assert targets.over() == ""
    end.set()
    thread.join()
    while not targets.over():  # the kernel takes a thread out of /proc after it was joined
        os.sched_yield()
    assert targets.over() == f"thread {ids[0]} ended"
    targets.close()


def test_what_has_ended_meanwhile_is_no_target(child: subprocess.Popen[bytes]) -> None:
    resolved = find_targets(Filters(pid=child.pid))
    child.communicate()
    with pytest.raises(TargetError, match=f"process {child.pid} ended before the run began"):
        Targets(resolved)
