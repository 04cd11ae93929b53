"""tcptracer against a process that makes, accepts and closes connections and says which."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.traced import Traced, trace_statements
from tests.workloads.tcp import BEFORE

pytestmark = pytest.mark.kernel

REPEATS = 211


def trace(then: str, params: dict[str, str] | None = None, filters: Filters | None = None) -> Traced:
    return trace_statements("tcptracer", BEFORE, then, params, filters)


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["kind"].decode(), row["laddr"].decode(), row["lport"], row["raddr"].decode(), row["rport"]


CONNECTIONS = """
said = []
for n in range(COUNT):
    waiting, client, server = pair(*PLACES[n % 3])
    here, there = ends(client), ends(server)
    said += [["connect", *here], ["accept", *there], ["close", *here], ["close", *there]]
    client.close(); server.recv(1); server.close(); waiting.close()
print(json.dumps(said))
"""


@pytest.mark.proves("rows", "values", "ipv4", "ipv6", "flags")
def test_both_ends_of_a_prime_number_of_connections_are_made_accepted_and_closed() -> None:
    traced = trace(CONNECTIONS.replace("COUNT", str(REPEATS)))
    assert [list(told(row)) for row in traced.rows] == json.loads(traced.said)
    assert Counter(row["ip"] for row in traced.rows) == {4: 4 * 141, 6: 4 * 70}
    assert {(row["pid"], row["tid"], row["uid"]) for row in traced.rows} == {(traced.pid, traced.pid, os.getuid())}


def test_ends_by_shutdown_and_reset_are_one_close_each_and_a_refusal_is_none() -> None:
    traced = trace("""
waiting, client, server = pair(4, "127.0.0.1")
client.shutdown(socket.SHUT_WR); client.close(); server.close()
waiting, client, server = pair(6, "::1")
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); client.close(); server.close()
taken = socket.socket(); taken.bind(("127.0.0.1", 0))
with contextlib.suppress(OSError): socket.create_connection(taken.getsockname())
""")
    assert [row["kind"] for row in traced.rows] == [b"connect", b"accept", b"close", b"close"] * 2


def test_a_connection_that_was_reset_before_it_was_accepted_closes_at_once() -> None:
    traced = trace("""
waiting = listener(4, "127.0.0.1"); client = socket.create_connection(waiting.getsockname())
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); client.close()
server, peer = waiting.accept(); print(peer[1])
""")
    assert [row["kind"] for row in traced.rows] == [b"connect", b"close", b"accept", b"close"]
    assert {row["lport"] for row in traced.rows[:2]} == {int(traced.said)}


@pytest.mark.proves("threads")
def test_one_who_does_not_wait_and_a_thread_that_accepts_are_seen() -> None:
    traced = trace("""
waiting = listener(4, "127.0.0.1")
def take():
    print(threading.get_native_id()); waiting.accept()[0].recv(1)
thread = threading.Thread(target=take); thread.start()
client = socket.socket(); client.setblocking(False); client.connect_ex(waiting.getsockname())
time.sleep(0.1); client.close(); thread.join()
""")
    tids = {row["kind"]: row["tid"] for row in traced.rows if row["kind"] != b"close"}
    assert tids == {b"connect": traced.pid, b"accept": int(traced.said)}


@pytest.mark.parametrize(
    ("params", "filters", "rows"),
    [
        ({"ip": "v6"}, None, 4),
        ({"ip": "v4"}, None, 8),
        ({"netns": "1"}, None, 0),
        ({}, Filters(ppid=os.getpid(), uid=os.getuid()), 12),
        ({}, Filters(ppid=os.getpid(), comm="another"), 0),
    ],
)
def test_parameters_and_filters_choose_connections(params: dict[str, str], filters: Filters | None, rows: int) -> None:
    assert len(trace(CONNECTIONS.replace("COUNT", "3"), params, filters).rows) == rows


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    before = """
import socket
waiting = socket.create_server(("127.0.0.1", 0), backlog=128)
held = []
def act():
    held.append(socket.create_connection(waiting.getsockname()))
"""
    pids, rows, _ = trace_children("tcptracer", before)
    kinds = (b"connect", b"close")
    assert [(row["pid"], row["kind"]) for row in rows] == [(pid, kind) for pid in pids for kind in kinds]
