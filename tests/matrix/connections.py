"""Connections between two ends of one process, for the cells of the network tools."""

from tests.workloads.tcp import BEFORE as TCP

COUNT, KIB = 101, 8
BEFORE = f"from collections import Counter\n{TCP}"


def connect(say: str) -> str:
    """Makes COUNT connections by both versions of IP, sends KIB through each, closes both ends, then says so."""
    return f"""
made = Counter()
for n in range({COUNT}):
    ip, address = PLACES[n % 2]
    waiting, client, server = pair(ip, address)
    client.sendall(bytes({KIB} * 1024)); client.shutdown(socket.SHUT_WR)
    while server.recv(65536): pass
    server.close(); client.recv(1); client.close(); waiting.close()
    made[ip] += 1
{say}
"""
