"""tcpconnect against a process that says what it connected to."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.traced import Traced, trace_statements
from tests.workloads.tcp import BEFORE

pytestmark = pytest.mark.kernel

REPEATS = 307
MS = 1_000_000


def trace(then: str, params: dict[str, str] | None = None, filters: Filters | None = None) -> Traced:
    return trace_statements("tcpconnect", BEFORE, then, params, filters)


def place(row: dict[str, Any]) -> list[Any]:
    return [row["laddr"].decode(), row["lport"], row["raddr"].decode(), row["rport"]]


@pytest.mark.proves("rows", "values", "ipv4", "ipv6")
def test_a_prime_number_of_connections_by_both_ip_versions_has_both_ends() -> None:
    traced = trace(f"""
places = []
for n in range({REPEATS}):
    connection = pair(*PLACES[n % 3])
    places.append(ends(connection[1]))
    for sock in connection: sock.close()
print(json.dumps(places))
""")
    assert [place(row) for row in traced.rows] == json.loads(traced.said)
    assert [row["ip"] for row in traced.rows] == [[4, 6, 4][n % 3] for n in range(REPEATS)]
    netns = Path("/proc/self/ns/net").stat().st_ino
    assert {(row["pid"], row["tid"], row["uid"], row["err"], row["netns"]) for row in traced.rows} == {
        (traced.pid, traced.pid, os.getuid(), 0, netns)
    }


REFUSED = """
places = []
for ip, address in PLACES:
    taken = socket.socket(AF[ip]); taken.bind((address, 0))
    with contextlib.suppress(OSError): socket.socket(AF[ip]).connect(taken.getsockname()[:2])
    places.append([address.replace("::ffff:", ""), taken.getsockname()[1]])
print(json.dumps(places))
"""


@pytest.mark.proves("errno")
def test_refused_connections_still_know_where_to() -> None:
    traced = trace(REFUSED)
    assert [place(row)[2:] for row in traced.rows] == json.loads(traced.said)
    assert {row["err"] for row in traced.rows} == {errno.ECONNREFUSED}


def test_an_attempt_that_sends_nothing_has_its_target_and_reason() -> None:
    traced = trace("""
with contextlib.suppress(OSError): socket.socket().connect(("255.255.255.255", 4242))
with contextlib.suppress(OSError): socket.socket(AF[6]).connect(("ff02::1", 4243))
""")
    assert [(row["raddr"], row["rport"]) for row in traced.rows] == [(b"255.255.255.255", 4242), (b"ff02::1", 4243)]
    assert all(row["err"] in (errno.ENETUNREACH, errno.EACCES, errno.EINVAL) for row in traced.rows)


def test_a_program_that_does_not_wait_makes_one_attempt_however_often_it_asks() -> None:
    traced = trace("""
waiting = listener(4, "127.0.0.1")
client = socket.socket(); client.setblocking(False)
for _ in range(5): client.connect_ex(waiting.getsockname())
print(waiting.getsockname()[1])
""")
    (row,) = traced.rows
    assert (row["rport"], row["err"]) == (int(traced.said), errno.EINPROGRESS)


def test_fast_open_is_seen_and_udp_and_unix_are_not() -> None:
    traced = trace("""
waiting = listener(4, "127.0.0.1"); waiting.setsockopt(socket.IPPROTO_TCP, 23, 5)
socket.socket().sendto(b"x", 0x20000000, waiting.getsockname())
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 53))
local = socket.socket(socket.AF_UNIX); local.bind(""); local.listen()
socket.socket(socket.AF_UNIX).connect(local.getsockname())
print(waiting.getsockname()[1])
""")
    assert [(row["raddr"], row["rport"]) for row in traced.rows] == [(b"127.0.0.1", int(traced.said))]


@pytest.mark.proves("times")
def test_the_duration_is_the_programs_own_wait() -> None:
    traced = trace("""
waiting = listener(4, "127.0.0.1", 0); full = [socket.socket() for _ in range(2)]
for sock in full: sock.setblocking(False); sock.connect_ex(waiting.getsockname())
last = socket.socket(); last.settimeout(None)
threading.Timer(0.3, lambda: [waiting.accept(), waiting.accept()]).start()
start = time.monotonic_ns(); last.connect(waiting.getsockname()); print(time.monotonic_ns() - start)
""")
    last = traced.rows[-1]
    assert last["err"] == 0
    assert 0 < last["duration"] <= int(traced.said) <= last["duration"] + 100 * MS


@pytest.mark.parametrize(
    ("params", "versions"), [({"ip": "v6"}, [6]), ({"ip": "v4"}, [4, 4]), ({"rport": "1"}, []), ({"netns": "1"}, [])]
)
def test_parameters_choose_connections(params: dict[str, str], versions: list[int]) -> None:
    assert [row["ip"] for row in trace(REFUSED, {**params, "failed_only": "true"}).rows] == versions


@pytest.mark.proves("threads")
def test_threads_and_filters() -> None:
    then = """
waiting = listener(4, "127.0.0.1")
thread = threading.Thread(target=lambda: socket.create_connection(waiting.getsockname())); thread.start(); thread.join()
"""
    traced = trace(then, filters=Filters(ppid=os.getpid(), uid=os.getuid()))
    (row,) = traced.rows
    assert row["pid"] == traced.pid
    assert row["tid"] != traced.pid
    assert trace(then, filters=Filters(ppid=os.getpid(), comm="another")).rows == []
    assert trace(then, {"failed_only": "true"}).rows == []


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    before = """
import contextlib, socket
def act():
    for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
        with contextlib.suppress(OSError): socket.socket(family).connect((address, 1))
"""
    pids, rows, _ = trace_children("tcpconnect", before)
    assert [(row["pid"], row["ip"]) for row in rows] == [(pid, ip) for pid in pids for ip in (4, 6)]
    assert {row["err"] for row in rows} == {errno.ECONNREFUSED}
