"""tcplife against sessions of known bytes and times."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.traced import Traced, trace_network, trace_statements
from tests.workloads.tcp import BEFORE

pytestmark = pytest.mark.kernel

REPEATS = 101
MS = 1_000_000

SESSIONS = """
def receive(sock, size):
    while size: size -= len(sock.recv(size))

said = []
for n in range(COUNT):
    waiting, client, server = pair(*PLACES[n % 3])
    here, there, up, down = ends(client), ends(server), 1009 * n, 65537 * (n % 7)
    sender = threading.Thread(target=client.sendall, args=(b"u" * up,)); sender.start()
    receive(server, up); sender.join()
    sender = threading.Thread(target=server.sendall, args=(b"d" * down,)); sender.start()
    receive(client, down); sender.join()
    said += [[*here, up, down], [*there, down, up]]
    first, second = (client, server) if n % 2 else (server, client)
    first.close(); second.recv(1); second.close(); waiting.close()
print(json.dumps(said))
"""


def trace(then: str, params: dict[str, str] | None = None, filters: Filters | None = None) -> Traced:
    return trace_statements("tcplife", BEFORE, then, params, filters)


def told(row: dict[str, Any]) -> list[Any]:
    ends = [row["laddr"].decode(), row["lport"], row["raddr"].decode(), row["rport"]]
    return [*ends, row["tx"], row["rx"]]


@pytest.mark.proves("rows", "values", "ipv4", "ipv6")
def test_every_byte_of_a_prime_number_of_sessions_is_counted_at_both_ends() -> None:
    traced = trace(SESSIONS.replace("COUNT", str(REPEATS)))
    assert sorted(told(row) for row in traced.rows) == sorted(json.loads(traced.said))
    assert {(row["pid"], row["tid"], row["uid"]) for row in traced.rows} == {(traced.pid, traced.pid, os.getuid())}


@pytest.mark.proves("times")
def test_the_duration_is_that_of_the_session() -> None:
    traced = trace("""
start = time.monotonic_ns(); waiting, client, server = pair(6, "::1"); time.sleep(0.2)
client.close(); server.recv(1); server.close(); print(time.monotonic_ns() - start)
""")
    assert len(traced.rows) == 2
    assert all(200 * MS <= row["duration"] <= int(traced.said) for row in traced.rows)


def test_reset_sessions_end_and_refused_ones_never_began() -> None:
    traced = trace("""
waiting, client, server = pair(4, "127.0.0.1")
client.sendall(b"x" * 13); server.recv(13)
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); client.close(); server.close()
taken = socket.socket(); taken.bind(("127.0.0.1", 0))
with contextlib.suppress(OSError): socket.create_connection(taken.getsockname())
""")
    assert sorted((row["tx"], row["rx"]) for row in traced.rows) == [(0, 13), (13, 0)]


def test_without_filters_a_session_that_nobody_accepts_has_no_owner() -> None:
    traced = trace_network(
        "tcplife",
        """
waiting = listener(4, "127.0.0.1"); client = socket.create_connection(waiting.getsockname())
client.sendall(b"x" * 7); waiting.close(); client.close()
""",
    )
    assert {(row["pid"], row["tx"], row["rx"]) for row in traced.rows} == {(traced.pid, 7, 0), (0, 0, 7)}


@pytest.mark.parametrize(
    ("params", "filters", "rows"),
    [
        ({"ip": "v6"}, None, 2),
        ({"ip": "v4"}, None, 4),
        ({"lport": "1"}, None, 0),
        ({}, Filters(ppid=os.getpid(), uid=os.getuid()), 6),
        ({}, Filters(ppid=os.getpid(), comm="another"), 0),
    ],
)
def test_parameters_and_filters_choose_sessions(params: dict[str, str], filters: Filters | None, rows: int) -> None:
    assert len(trace(SESSIONS.replace("COUNT", "3"), params, filters).rows) == rows


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    before = (
        BEFORE
        + """
waiting = listener(4, "127.0.0.1", 128)
def act():
    client = socket.create_connection(waiting.getsockname())
    client.sendall(b"x" * 101)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); client.close()
"""
    )
    children = trace_children("tcplife", before, threads=True)
    check_threads(children)
    assert [(row["pid"], row["tx"], row["rx"]) for row in children.rows] == [(pid, 101, 0) for pid in children.acts]
