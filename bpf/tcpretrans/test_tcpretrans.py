"""tcpretrans against sockets whose own count of packets sent again (TCP_INFO) says how many rows there must be."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.traced import trace_network
from tests.workloads.groups import group

pytestmark = pytest.mark.kernel

OWNER = 4242

# Nobody takes connections out of a full queue, so the kernel drops the SYNs of further ones, and they are sent again.
FULL = """
def sent_again(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[100]  # tcpi_total_retrans

said = []
for ip, address in PLACES:
    waiting = listener(ip, address, 0)
    clients = []
    for _ in range(5):
        client = socket.socket(AF[ip]); client.setblocking(False)
        client.connect_ex(waiting.getsockname()[:2]); clients.append(client)
    said.append([4 if "." in address else 6, address.replace("::ffff:", ""), waiting, clients])
deadline = time.monotonic() + 20
while time.monotonic() < deadline and min(sent_again(clients[-1]) for *_, clients in said) < 2: time.sleep(0.05)
counts = {}
for ip, address, waiting, clients in said:
    for client in clients:
        port, again = client.getsockname()[1], sent_again(client)
        client.close()
        if again: counts[f"{ip} {address} {port} {waiting.getsockname()[1]}"] = again
print(json.dumps(counts))
"""


@pytest.mark.proves("rows", "values", "ipv4", "ipv6", "flags")
@pytest.mark.parametrize(("params", "versions"), [({}, {4, 6}), ({"ip": "v6"}, {6})])
def test_every_packet_that_a_socket_sent_again_is_a_row(params: dict[str, str], versions: set[int]) -> None:
    traced = trace_network("tcpretrans", FULL, params)
    found = Counter(
        f"{row['ip']} {row['raddr'].decode()} {row['lport']} {row['rport']}"
        for row in traced.rows
        if row["kind"] == b"segment"
    )
    said = {key: count for key, count in json.loads(traced.said).items() if int(key[0]) in versions}
    assert found == said
    assert min(said.values()) >= 1
    assert {row["laddr"] for row in traced.rows} <= {b"127.0.0.1", b"::1"}
    assert {row["state"] for row in traced.rows if row["kind"] == b"segment"} == {b"SYN_SENT"}


# A server that defers accepting ignores the client's bare ACK and sends its own SYN-ACK again when no data comes.
DEFERRED = """
waiting = listener(*WHERE); waiting.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
client = socket.socket(AF[WHERE[0]]); client.connect(waiting.getsockname()[:2])
print(json.dumps(ends(client)))
waiting.settimeout(20); waiting.accept()
"""


@pytest.mark.parametrize(("ip", "address"), [(4, "127.0.0.1"), (6, "::1")])
def test_a_servers_answer_that_is_sent_again_is_a_row_of_its_own(ip: int, address: str) -> None:
    traced = trace_network("tcpretrans", f"WHERE = {ip, address}\n{DEFERRED}")
    (row,) = traced.rows
    laddr, lport, raddr, rport = json.loads(traced.said)
    assert (row["kind"], row["state"], row["ip"]) == (b"synack", b"NEW_SYN_RECV", ip)
    assert (row["laddr"].decode(), row["lport"]) == (raddr, rport)
    assert (row["raddr"].decode(), row["rport"]) == (laddr, lport)


def test_nothing_is_shown_when_nothing_is_sent_again() -> None:
    assert trace_network("tcpretrans", "pair(4, '127.0.0.1')[1].sendall(b'x' * 100_003)").rows == []


def test_a_packet_tells_the_owner_of_its_socket() -> None:
    with group("lxc.payload.web1") as folder:
        wanted = Filters(uid=OWNER, container="web1")
        traced = trace_network("tcpretrans", f"os.setresuid(0, {OWNER}, 0)\n{FULL}", filters=wanted, group=folder)
        own = folder.stat().st_ino
    segments = [row for row in traced.rows if row["kind"] == b"segment"]
    assert len(segments) == sum(json.loads(traced.said).values())
    assert {(row["uid"], row["cgroup"], row["container"]) for row in traced.rows} == {(OWNER, own, "web1")}


def test_packets_of_other_users_are_not_shown() -> None:
    assert trace_network("tcpretrans", FULL, filters=Filters(uid=OWNER)).rows == []
