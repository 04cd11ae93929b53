"""solisten against a process that says where it listens."""

from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.traced import Traced, trace_statements

pytestmark = pytest.mark.kernel

REPEATS = 211
BEFORE = """
import contextlib, json, os, socket, threading
AF = {4: socket.AF_INET, 6: socket.AF_INET6}
def listen(ip, address, backlog, port=0):
    sock = socket.socket(AF[ip])
    sock.bind((address, port))
    sock.listen(backlog)
    return sock
"""


def trace(then: str, params: dict[str, str] | None = None, filters: Filters | None = None) -> Traced:
    return trace_statements("solisten", BEFORE, then, params, filters)


def place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["ip"], row["laddr"].decode(), row["lport"], row["backlog"], row["err"]


def own_netns() -> int:
    return Path("/proc/self/ns/net").stat().st_ino


@pytest.mark.proves("values", "ipv4", "ipv6")
def test_addresses_ports_and_backlogs_are_those_of_the_sockets() -> None:
    traced = trace("""
places = []
for ip, address, backlog in [(4, "127.0.0.1", 7), (4, "0.0.0.0", 128), (6, "::1", 0), (6, "::", 4096),
                             (6, "::ffff:127.0.0.1", 3)]:
    with listen(ip, address, backlog) as sock:
        places.append([4 if "." in address else 6, address.replace("::ffff:", ""), sock.getsockname()[1], backlog, 0])
print(json.dumps(places))
""")
    assert [list(place(row)) for row in traced.rows] == json.loads(traced.said)
    assert {(row["pid"], row["protocol"], row["netns"]) for row in traced.rows} == {(traced.pid, 6, own_netns())}


@pytest.mark.proves("rows")
def test_a_prime_number_of_listens_on_one_socket_is_that_number_of_rows() -> None:
    traced = trace(f"""
sock = listen(4, "127.0.0.1", 0)
for backlog in range(1, {REPEATS}): sock.listen(backlog)
print(sock.getsockname()[1])
""")
    port = int(traced.said)
    assert [place(row) for row in traced.rows] == [(4, "127.0.0.1", port, backlog, 0) for backlog in range(REPEATS)]


@pytest.mark.proves("errno")
def test_failures_and_other_sockets_say_so() -> None:
    traced = trace("""
taken = listen(4, "127.0.0.1", 1)
port = taken.getsockname()[1]
second = socket.socket(); second.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
with contextlib.suppress(OSError): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).listen(5)
with contextlib.suppress(OSError): os.close(99)
import ctypes
ctypes.CDLL(None).listen(99, 6); ctypes.CDLL(None).listen(os.open("/", 0), 7)
local = socket.socket(socket.AF_UNIX); local.bind(""); local.listen(8)
""")
    _, udp, closed, folder, local = traced.rows
    assert (udp["err"], udp["protocol"], udp["ip"]) == (errno.EOPNOTSUPP, socket.IPPROTO_UDP, 4)
    assert (closed["err"], closed["fd"], closed["backlog"], closed["ip"]) == (errno.EBADF, 99, 6, 0)
    assert (folder["err"], folder["netns"]) == (errno.ENOTSOCK, 0)
    assert place(local) == (0, "::", 0, 8, 0)


@pytest.mark.proves("threads")
def test_threads_and_filters() -> None:
    then = """
thread = threading.Thread(target=listen, args=(4, "127.0.0.1", 11)); thread.start(); thread.join()
"""
    ours = Filters(ppid=os.getpid(), uid=os.getuid())
    traced = trace(then, {"netns": str(own_netns())}, ours)
    (row,) = traced.rows
    assert (row["pid"], row["backlog"]) == (traced.pid, 11)
    assert row["tid"] != traced.pid
    assert trace(then, {"netns": "1"}).rows == []


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    before = """
import socket
def act():
    for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
        sock = socket.socket(family); sock.bind((address, 0)); sock.listen(7)
"""
    pids, rows, _ = trace_children("solisten", before)
    assert [(row["pid"], row["ip"], row["err"]) for row in rows] == [(pid, ip, 0) for pid in pids for ip in (4, 6)]
