"""tcpstates against connections whose states follow from what was done with them."""

from __future__ import annotations

import json
import socket
from collections import Counter
from typing import Any

import pytest

from proto.v1.agent_pb2 import Exclusions, Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.traced import trace_network
from tests.workloads.groups import container_id, group

pytestmark = pytest.mark.kernel

REPEATS = 53
OWNER = 4242
MS = 1_000_000
CLIENT = (
    ("CLOSE", "SYN_SENT"), ("SYN_SENT", "ESTABLISHED"), ("ESTABLISHED", "FIN_WAIT1"), ("FIN_WAIT1", "FIN_WAIT2"),
    ("FIN_WAIT2", "CLOSE"),
)  # fmt: skip
SERVER = (
    ("LISTEN", "SYN_RECV"), ("SYN_RECV", "ESTABLISHED"), ("ESTABLISHED", "CLOSE_WAIT"), ("CLOSE_WAIT", "LAST_ACK"),
    ("LAST_ACK", "CLOSE"),
)  # fmt: skip
LISTENER = (("CLOSE", "LISTEN"), ("LISTEN", "CLOSE"))
Changes = tuple[tuple[str, str], ...]


def sockets(rows: list[dict[str, Any]]) -> Counter[Changes]:
    """How many sockets went through the same changes; a socket ends with CLOSE, then its address may be used again."""
    living: dict[int, list[tuple[str, str]]] = {}
    ended: Counter[Changes] = Counter()
    for row in rows:
        changes = living.setdefault(row["socket"], [])
        changes.append((row["oldstate"].decode(), row["newstate"].decode()))
        if changes[-1][1] == "CLOSE":
            ended[tuple(living.pop(row["socket"]))] += 1
    assert living == {}
    return ended


CONNECT = """
places = []
for ip, address in PLACES * COUNT:
    waiting, client, server = pair(ip, address)
    places.append(ends(client))
    client.close()
    server.recv(1)
    server.close()
    waiting.close()
print(json.dumps(places))
"""


@pytest.mark.proves("rows", "values", "ipv4", "ipv6", "flags")
def test_both_ends_of_a_prime_number_of_connections_go_through_all_states() -> None:
    traced = trace_network("tcpstates", CONNECT.replace("COUNT", str(REPEATS)))
    assert sockets(traced.rows) == {CLIENT: 3 * REPEATS, SERVER: 3 * REPEATS, LISTENER: 3 * REPEATS}
    made = [row for row in traced.rows if row["oldstate"] == b"SYN_SENT"]
    found = [[row["laddr"].decode(), row["lport"], row["raddr"].decode(), row["rport"]] for row in made]
    assert found == json.loads(traced.said)
    assert [row["ip"] for row in made] == [4, 6, 4] * REPEATS
    assert {(row["pid"], row["comm"]) for row in traced.rows if row["newstate"] == b"SYN_SENT"} == {
        (traced.pid, made[0]["comm"])
    }


def test_refused_and_reset_connections_close_at_once() -> None:
    traced = trace_network(
        "tcpstates",
        """
taken = socket.socket(); taken.bind(("127.0.0.1", 0))
with contextlib.suppress(ConnectionRefusedError): socket.create_connection(taken.getsockname())
waiting, client, server = pair(4, "127.0.0.1")
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
client.close()
""",
    )
    assert sockets(traced.rows) == {
        (("CLOSE", "SYN_SENT"), ("SYN_SENT", "CLOSE")): 1,
        (*CLIENT[:2], ("ESTABLISHED", "CLOSE")): 1,
        (*SERVER[:2], ("ESTABLISHED", "CLOSE")): 1,
        LISTENER: 1,
    }


@pytest.mark.proves("times")
def test_the_time_in_a_state_is_the_one_that_was_waited() -> None:
    traced = trace_network(
        "tcpstates",
        """
waiting, client, server = pair(6, "::1")
start = time.monotonic_ns(); time.sleep(0.2); client.close(); print(time.monotonic_ns() - start)
""",
    )
    (row,) = [row for row in traced.rows if row["newstate"] == b"FIN_WAIT1"]
    assert 200 * MS <= row["duration"] <= int(traced.said) + 50 * MS


def test_parameters_choose_sockets() -> None:
    traced = trace_network("tcpstates", CONNECT.replace("COUNT", "1"), {"ip": "v6"})
    assert {row["laddr"] for row in traced.rows} == {b"::1"}


def test_a_socket_tells_its_owner_and_the_owners_container() -> None:
    container = container_id()
    owned = f"os.setresuid(0, {OWNER}, 0)\n" + CONNECT.replace("COUNT", "7")
    with group(f"docker/{container}") as folder:
        named = Filters(uid=OWNER, container=container)
        traced = trace_network("tcpstates", owned, filters=named, group=folder)
        own = folder.stat().st_ino
    assert sockets(traced.rows) == {CLIENT: 21, SERVER: 21, LISTENER: 21}
    assert {(row["uid"], row["cgroup"], row["container"]) for row in traced.rows} == {(OWNER, own, container[:12])}


@pytest.mark.parametrize(
    "filters",
    [Filters(uid=OWNER), Filters(exclude=Exclusions(uid=[0])), Filters(exclude=Exclusions(container=["web1"]))],
    ids=["another user", "user excluded", "container excluded"],
)
def test_sockets_of_others_are_not_shown(filters: Filters) -> None:
    with group("lxc.payload.web1") as folder:
        traced = trace_network("tcpstates", CONNECT.replace("COUNT", "3"), filters=filters, group=folder)
    assert traced.rows == []


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own() -> None:
    """It knows no processes, but who asked for a connection is the one that runs when that begins."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        act = f"def act(): socket.socket().connect_ex(('127.0.0.1', {port}))"
        params = {"rport": str(port)}
        children = trace_children("tcpstates", f"import socket\n{act}", params, threads=True, filters=Filters())
    assert [row["pid"] for row in children.rows if row["newstate"] == b"SYN_SENT"] == children.acts
